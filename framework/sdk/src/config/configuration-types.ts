import type { DatapyError, SourceLocation, TextPosition } from "@datapy/mod-kit";
import type { Masker } from "../secrets/masker-types.js";

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
  readonly overrode: readonly OverriddenValue[];
}

/** A value that another one replaced, as it was written: `${…}` in it is not expanded. */
export interface OverriddenValue {
  readonly layer: LayerName;
  readonly location: SourceLocation | undefined;
  readonly value: unknown;
}

/** Values that references (`${session.id}`, `${mods.x.artifacts.y}`, …) may name besides globals, project and environment. */
export interface ReferenceScope {
  readonly session: { readonly id: string };
  readonly run: { readonly date: string };
  readonly mods: Readonly<
    Record<string, { readonly artifacts: object; readonly metrics: object; readonly globals: object }>
  >;
  /** What `${item}` gives: the item that a step with `foreach` is run for. Absent elsewhere. */
  readonly item?: unknown;
  /** Globals that earlier steps of a job have added; they lie over the configured ones. */
  readonly added?: Readonly<Record<string, unknown>>;
}

/** Parameters of one run, layered and substituted, not yet validated. */
export interface ResolvedParameters {
  /**
   * Null-prototype object with the schema's defaults in it. Secrets stand in it in plain. `base_path` is in it only where the
   * schema declares it.
   */
  readonly values: Readonly<Record<string, unknown>>;
  /** Absolute folder that the mod's relative paths are taken from, from any layer; `undefined` means the working directory. */
  readonly basePath: string | undefined;
  /** Origin of every leaf (and of an object that replaced something), by JSON pointer (`/columns/id`). `/base_path` is always among them. */
  readonly origins: ReadonlyMap<string, ValueOrigin>;
  /** Values to mask from now on. */
  readonly secrets: readonly string[];
  /** Where the value at a JSON pointer (or its nearest parent) was written; of a text the place in it, where `position` names one. */
  locate(pointer: string, position?: TextPosition): SourceLocation | undefined;
}

/** Logging as configured by project, environment and globals. */
export interface LoggingSettings {
  readonly directory?: string;
  readonly level?: string;
  readonly format?: "json" | "pretty";
  readonly retentionDays?: number;
}

/** How long artifacts are kept, as the project says. */
export interface ArtifactRetention {
  /** Milliseconds. */
  readonly olderThanMs?: number;
  readonly maxBytes?: number;
}

/** What is asked of {@link Configuration}. */
export interface ConfigurationRequest {
  readonly cwd: string;
  /** Folder that relative paths of parameters are taken from where no `base_path` is given. Default `cwd`. */
  readonly dataFolder?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--env`; `DATAPY_ENV` where it is not given. */
  readonly environmentName?: string;
  /** File of `-p` or of the job, or text that came through standard input (`name` is then `<stdin>`). */
  readonly file?: { readonly path: string } | { readonly name: string; readonly text: string };
  /** Contents of the project file, where they are not to be looked for: those of an earlier run. `null`: there was none. */
  readonly project?: { readonly name: string; readonly text: string } | null;
  /** Contents of other files that the job names, by absolute path, where they are those of an earlier run. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * Absolute path of the script that is run. The project is then looked for from its folder too, and what a flat file and `--set`
   * give are the script's own parameters ({@link Configuration.scriptParameters}), not those of the mods that it runs.
   */
  readonly script?: string;
  /** `--set` arguments, `key=value`, in order. */
  readonly sets?: readonly string[];
  /** Globals set by a script (`setGlobalConfig`). Data, so `${…}` in them stays as it is. */
  readonly globals?: Readonly<Record<string, unknown>>;
  /** What `${session.id}` and `${run.date}` give in globals and logging. */
  readonly references?: Pick<ReferenceScope, "session" | "run">;
  /**
   * Whether this only shows what a run would use: `${session.id}`, `${run.date}`, `${mods.…}` and `${item}`, which only a run can
   * answer, then stay as they are written. Default `false`.
   */
  readonly preview?: boolean;
  /** Gets every secret the moment that it is read, so that whatever is printed afterwards is masked, errors of the load too. */
  readonly masker?: Masker;
}

/** What is asked of {@link Configuration.resolve}. */
export interface ResolveRequest {
  readonly mod: string;
  /** Key under `mods:` or `id` under `steps:`; default the mod's name. */
  readonly step?: string;
  /** JSON Schema of the mod's parameters (for defaults and for which globals apply). */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Parameters given by a script's `runMod(ref, params)` call. They stand at the layer `params`; `${…}` in them stays as it is. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly references: ReferenceScope;
}

/** Configuration of an invocation: read once, resolved once per mod. */
export interface Configuration {
  readonly cwd: string;
  /** Folder that relative paths of parameters are taken from where no `base_path` is given. */
  readonly dataFolder: string;
  readonly project:
    { readonly file: string; readonly name: string | undefined; readonly version: string | undefined } | undefined;
  /** The overlay of the project that is in force. */
  readonly environment: string | undefined;
  /** Whether a project or job file was read: such a file is held against lint before anything runs. */
  readonly hasStructuredFiles: boolean;
  /** Every place where a project file was looked for, in order. */
  readonly searched: readonly string[];
  readonly globals: Readonly<Record<string, unknown>>;
  readonly logging: LoggingSettings;
  readonly artifactRetention: ArtifactRetention;
  /** Where artifacts, ledger and state go: `globals.work_path`, else `.datapy` beside the project file, else in `cwd`. Absolute. */
  readonly workPath: string;
  /** Secrets that globals and logging hold, to be masked from now on. */
  readonly secrets: readonly string[];
  /**
   * Parameters of the script itself: a flat file's values, or what stands under `params:` of a job file, and `--set`, expanded.
   * A null-prototype object. Rejects with `FaultList`.
   */
  scriptParameters(): Promise<Readonly<Record<string, unknown>>>;
  /** As {@link resolve}, but gives the faults of references beside what could be resolved; a value that could not is absent. */
  preview(
    request: ResolveRequest,
  ): Promise<{ readonly resolved: ResolvedParameters; readonly faults: readonly DatapyError[] }>;
  /** Layers the parameters of one mod. Rejects with `FaultList`. */
  resolve(request: ResolveRequest): Promise<ResolvedParameters>;
}
