import type { SourceLocation } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { FaultList } from "../faults.js";
import { parseYaml } from "./parse-yaml.js";
import { readPlainScalar } from "./yaml-scalar.js";
import { emptyObject, traceJson } from "./traced-value.js";
import type { TracedObject, TracedValue } from "./traced-value.js";

/** A `--set` argument, understood. */
export interface SetValue {
  /** What it sets: a global, a parameter of one step, or a parameter of the mod that runs. */
  readonly target:
    { readonly kind: "globals" } | { readonly kind: "step"; readonly step: string } | { readonly kind: "mod" };
  /** Keys on the way to the value; never empty. */
  readonly path: readonly string[];
  readonly value: TracedValue;
}

/** Where values of `--set` come from. */
export const SET_LOCATION: SourceLocation = { file: "--set" };

const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);

/**
 * Understands `key=value`. The key is a parameter, `outer.inner` for a nested one (a dot that belongs to a name is written `\.`),
 * `globals.name` for a global, or `mods.STEP.key` for one step of a job. The value is a YAML scalar (`5`, `true`, `null`, nothing at
 * all for null), a text in quotes, or a list or mapping in brackets; whatever is none of these is text, so that `|`, `*.csv` and
 * `#fff` need no quotes.
 *
 * @throws DatapyError `DATAPY_SET_INVALID`
 */
export function parseSet(argument: string): SetValue {
  const equals = argument.indexOf("=");
  if (equals <= 0) throw invalid(argument, equals === 0 ? "the key is missing" : "there is no =");
  const keys = splitKey(argument.slice(0, equals));
  if (keys.includes("")) throw invalid(argument, "a part of the key is empty");
  const forbidden = keys.find((key) => FORBIDDEN.has(key));
  if (forbidden !== undefined) throw invalid(argument, `${forbidden} cannot be a key`);
  const value = traceJson(readValue(argument.slice(equals + 1), argument), "set", {
    expands: true,
    location: SET_LOCATION,
  });
  const [first, second, ...rest] = keys;
  if (first === "globals" && second !== undefined) return { target: { kind: "globals" }, path: keys.slice(1), value };
  if ((first === "mods" || first === "steps") && second !== undefined && rest.length > 0) {
    return { target: { kind: "step", step: second }, path: rest, value };
  }
  return { target: { kind: "mod" }, path: keys, value };
}

/** The object that has `value` at the end of `path`. */
export function nestValue(path: readonly string[], value: TracedValue): TracedObject {
  const [key, ...rest] = path;
  const empty = emptyObject("set", SET_LOCATION);
  if (key === undefined) return empty;
  return empty.withEntries(new Map([[key, rest.length === 0 ? value : nestValue(rest, value)]]));
}

function splitKey(key: string): string[] {
  return key.split(/(?<!\\)\./).map((part) => part.replace(/\\\./g, ".").trim());
}

function readValue(text: string, argument: string): unknown {
  const trimmed = text.trim();
  const quoted = /^(["'])[^]*\1$/.test(trimmed) && trimmed.length > 1;
  const bracketed = /^(?:\[[^]*\]|\{[^]*\})$/.test(trimmed);
  if (!quoted && !bracketed) {
    const { value, problem } = readPlainScalar(trimmed);
    if (problem !== undefined) throw invalid(argument, "the number cannot be kept exactly; put it in quotes, as text");
    return typeof value === "string" ? text : value;
  }
  try {
    return parseYaml(trimmed, SET_LOCATION.file).toJson();
  } catch (error) {
    if (!(error instanceof FaultList)) throw error;
    throw invalid(argument, error.faults.map((one) => one.message).join("; "));
  }
}

function invalid(argument: string, detail: string): Error {
  // The value may be a secret, so only the key is said again.
  const equals = argument.indexOf("=");
  return fault(
    "DATAPY_SET_INVALID",
    { given: equals === -1 ? argument : `${argument.slice(0, equals)}=…`, detail },
    { location: SET_LOCATION },
  );
}
