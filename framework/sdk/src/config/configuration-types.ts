import type { SourceLocation } from "@datapy/mod-kit";

/** Layers in rising order of precedence. */
export type LayerName = "default" | "project" | "environment" | "globals" | "params" | "set";

/** Where one resolved value came from. */
export interface ValueOrigin {
  readonly layer: LayerName;
  /** `undefined` for a mod's default; the name `<stdin>` or `--set` where there is no file. */
  readonly location: SourceLocation | undefined;
  /** The text as written, when it held `${…}`. */
  readonly template?: string;
  /** What this value replaced, nearest first. */
  readonly overrode: readonly { readonly layer: LayerName; readonly location: SourceLocation | undefined; readonly value: unknown }[];
}

/** Values that references (`${session.id}`, `${mods.x.artifacts.y}`, …) may name besides globals, project and environment. */
export interface ReferenceScope {
  readonly session: { readonly id: string };
  readonly run: { readonly date: string };
  readonly mods: Readonly<Record<string, { readonly artifacts: object; readonly metrics: object; readonly globals: object }>>;
}

/** Parameters of one run, layered and substituted, not yet validated. */
export interface ResolvedParameters {
  /** Null-prototype object. Secrets stand in it in plain. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Origin of every leaf, by JSON pointer (`/columns/id`). */
  readonly origins: ReadonlyMap<string, ValueOrigin>;
  /** Values to mask from now on. */
  readonly secrets: readonly string[];
  /** Where the value at a JSON pointer (or its nearest parent) was written. */
  locate(pointer: string): SourceLocation | undefined;
}

/** Logging as configured by project, environment and globals. */
export interface LoggingSettings {
  readonly directory?: string;
  readonly level?: string;
  readonly format?: "json" | "pretty";
  readonly retentionDays?: number;
}

/** What is asked of {@link Configuration}. */
export interface ConfigurationRequest {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--env`; `DATAPY_ENV` where it is not given. */
  readonly environmentName?: string;
  /** File of `-p` or of the job, or text that came through standard input (`name` is then `<stdin>`). */
  readonly file?: { readonly path: string } | { readonly name: string; readonly text: string };
  /** `--set` arguments, `key=value`, in order. */
  readonly sets?: readonly string[];
  /** Globals set by a script (`setGlobalConfig`). */
  readonly globals?: Readonly<Record<string, unknown>>;
}

/** Configuration of an invocation: read once, resolved once per mod. */
export interface Configuration {
  readonly project: { readonly file: string; readonly name: string | undefined; readonly version: string | undefined } | undefined;
  /** Every place where a project file was looked for, in order. */
  readonly searched: readonly string[];
  readonly globals: Readonly<Record<string, unknown>>;
  readonly logging: LoggingSettings;
  /** Where artifacts, ledger and state go: `globals.work_path`, else `.datapy` beside the project file, else in `cwd`. Absolute. */
  readonly workPath: string;
  /** Layers the parameters of one mod. Throws `FaultList`. */
  resolve(request: {
    readonly mod: string;
    /** JSON Schema of the mod's parameters (for defaults and for which globals apply). */
    readonly schema: Readonly<Record<string, unknown>>;
    /** Parameters given by a script's `runMod(ref, params)` call. They stand at the layer `params`. */
    readonly params?: Readonly<Record<string, unknown>>;
    readonly references: ReferenceScope;
  }): ResolvedParameters;
}
