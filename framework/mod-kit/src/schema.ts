import { Type } from "./typebox.js";
import type { SchemaOptions, StringOptions, TSchema, TString, TUnsafe } from "@sinclair/typebox";

/** JSON Schema keyword under which a helper's meaning travels, also through JSON. */
export const SEMANTIC_KEYWORD = "x-datapy";

/** What the host does with a value before the mod gets it. */
export type ParameterSemantics =
  | { readonly kind: "path"; readonly access: "read" | "write"; readonly target: "file" | "directory" | "any" }
  | { readonly kind: "artifact"; readonly artifact: "table" | "file" | "any" }
  | { readonly kind: "secret" }
  | { readonly kind: "duration" }
  | { readonly kind: "byte_size" };

function semantics(value: ParameterSemantics): { [SEMANTIC_KEYWORD]: ParameterSemantics } {
  return { [SEMANTIC_KEYWORD]: value };
}

/** Options of {@link Path}. */
export interface PathOptions extends StringOptions {
  /** `read` (default): an input, which `datapy lint` warns about when it is not there. `write`: an output. */
  access?: "read" | "write";
  /** What stands at the path. Default `file`. Globs (`*`, `?`, `[…]`, `{…}`) are allowed where the mod's description says so. */
  target?: "file" | "directory" | "any";
}

/**
 * A path of the file system. The host resolves a relative one against `base_path` when that is set, else against the working
 * directory, and expands a leading `~/`; the mod always receives an absolute path. URLs (`s3://…`, `https://…`) pass unchanged.
 */
export function Path(options: PathOptions = {}): TString {
  const { access = "read", target = "file", ...rest } = options;
  return Type.String({ minLength: 1, ...rest, ...semantics({ kind: "path", access, target }) });
}

/** Options of {@link Artifact}. */
export interface ArtifactOptions extends StringOptions {
  /** Kind of artifact that is accepted. Default `table`. */
  artifact?: "table" | "file" | "any";
}

/**
 * An artifact of an earlier step: the path or URI that its envelope gave under `artifacts`, or `${mods.<step>.artifacts.<key>}`
 * in a job. In a job's simple form, an `input_artifact` that is not given is the table that the mod before produced. The mod
 * receives an absolute path or URI, ready for `table()`.
 */
export function Artifact(options: ArtifactOptions = {}): TString {
  const { artifact = "table", ...rest } = options;
  return Type.String({ minLength: 1, ...rest, ...semantics({ kind: "artifact", artifact }) });
}

/** A secret text. Its value is masked, in every encoding, wherever the process writes: logs, envelopes, ledger, errors. */
export function Secret(options: StringOptions = {}): TString {
  return Type.String({ ...options, ...semantics({ kind: "secret" }) });
}

const DURATION_PATTERN = "^(?:\\d+(?:\\.\\d+)?\\s*(?:ms|s|m|h|d)\\s*)+$";
const BYTE_SIZE_PATTERN = "^\\d+(?:\\.\\d+)?\\s*(?:B|[kKMGT]B|[KMGT]iB)$";

/**
 * A length of time: a number of seconds (`60`, `0.5`), or text with units (`500ms`, `30s`, `5m`, `1h 30m`, `2d`).
 * The mod receives **milliseconds**, as a number; `default` is written as a user would write it.
 */
export function Duration(options: SchemaOptions & { default?: number | string } = {}): TUnsafe<number> {
  return Type.Unsafe<number>(quantity(DURATION_PATTERN, options, { kind: "duration" }));
}

/**
 * An amount of data: a number of bytes (`1048576`), or text with a unit: decimal (`kB`, `MB`, `GB`, `TB`) or binary (`KiB`, `MiB`,
 * `GiB`, `TiB`). The mod receives **bytes**, as a whole number; `default` is written as a user would write it.
 */
export function ByteSize(options: SchemaOptions & { default?: number | string } = {}): TUnsafe<number> {
  return Type.Unsafe<number>(quantity(BYTE_SIZE_PATTERN, options, { kind: "byte_size" }));
}

function quantity(pattern: string, options: SchemaOptions, meaning: ParameterSemantics): TSchema {
  return Type.Union([Type.Number({ minimum: 0 }), Type.String({ pattern })], { ...options, ...semantics(meaning) });
}
