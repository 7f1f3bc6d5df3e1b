import type { Static, TObject } from "@sinclair/typebox";
import { CONTRACT_VERSION, MOD_BRAND } from "./contract.js";
import type { Column, ModContext } from "./context.js";
import type { Envelope } from "./envelope.js";
import type { ModMetadata } from "./metadata.js";

/** What a mod says of one artifact that it may produce. */
export interface ArtifactDeclaration {
  /** `table`: a Parquet file that the next mod can read; `file`: any other file. */
  readonly kind: "table" | "file";
  readonly description: string;
  /** `true` when some runs do not produce it (a quarantine, a preview). Default `false`. */
  readonly optional?: boolean;
}

/** Artifacts of a mod, by key. */
export type ArtifactDeclarations = Readonly<Record<string, ArtifactDeclaration>>;

/** Parameters that a mod has found out from the data. */
export interface Guess {
  /**
   * What the data says, by parameter, in the order in which it is to be written. Run with them, the mod must do what it does without them.
   * Parameters that a user has given keep what they were given.
   */
  readonly params: Readonly<Record<string, unknown>>;
  /** Comments to write above parameters, by parameter: what is worth a look. */
  readonly notes?: Readonly<Record<string, string>>;
}

/** How a mod finds out its parameters from the data that it is to read: `datapy guess`. */
export interface GuessDefinition<Params extends TObject, Artifacts extends ArtifactDeclarations> {
  /** The parameter that names the data, such as `input_path` or `table_name`. It is set to what the user names. */
  readonly parameter: string;
  /** Ends of the names of files that the mod reads, such as `.csv`. Default none: the mod reads tables that a connection gives. */
  readonly files?: readonly string[];
  /**
   * Looks at the data and says how to read it. `params` are those of a run as far as they are given, defaults filled in; `given` names those
   * that the user has set himself. Makes no artifacts and keeps no bookmarks. Throws a `DatapyError` to say that it could not.
   */
  run(params: Static<Params>, ctx: ModContext<Artifacts>, given: ReadonlySet<string>): Promise<Guess>;
}

/** Rows that a mod set aside, corrected since, to be run again: `datapy quarantine replay`. */
export interface ReplayRequest<Params extends TObject> {
  /** Of the run that set them aside. */
  readonly params: Static<Params>;
  /** Parquet file with the rows, in the columns of the mod's artifact `quarantine`. */
  readonly rows: string;
  /** Columns of the mod's artifact `output_data` in that run; `undefined` where it made none. */
  readonly columns: readonly Column[] | undefined;
  /** Folder for files that the parameters name. It stays. */
  readonly folder: string;
}

/** What an author writes; {@link defineMod} turns it into a {@link ModDefinition}. */
export interface ModInput<Params extends TObject, Artifacts extends ArtifactDeclarations> {
  readonly metadata: ModMetadata;
  /** Schema of the parameters. Every parameter that is not declared here is refused when a run starts. */
  readonly params: Params;
  /** Artifacts that `run` may produce. `ctx.data.writeTable` and `ctx.artifacts` accept these keys only. Default none. */
  readonly artifacts?: Artifacts;
  /**
   * Whether the mod could run with these parameters: endpoints reached, files readable. Moves no data. Throws a `DatapyError`
   * to say that it could not.
   */
  check?(params: Static<Params>, ctx: ModContext<Artifacts>): Promise<void>;
  /** How the mod finds out its parameters from the data. Default: it cannot. */
  readonly guess?: GuessDefinition<Params, Artifacts>;
  /**
   * Parameters by which a run reads just these rows, and reads them as they were to be read. Default, for a mod that takes a table: its
   * parameter made by `Artifact` is given a table of them, without the columns that are not of the input.
   */
  replay?(request: ReplayRequest<Params>, ctx: ModContext<Artifacts>): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Does the work and returns what one of `ctx.result.success()`, `.warning()` and `.error()` made. `params` are valid, with defaults
   * filled in, paths absolute, durations in milliseconds and sizes in bytes. What it throws fails the run: a `DatapyError` with its own
   * code and exit code, anything else as `DATAPY_MOD_THREW`, exit code 30.
   */
  run(params: Static<Params>, ctx: ModContext<Artifacts>): Promise<Envelope> | Envelope;
}

/** A mod as the host sees it: the default export of a mod's entry file. */
export interface ModDefinition<
  Params extends TObject = TObject,
  Artifacts extends ArtifactDeclarations = ArtifactDeclarations,
> extends ModInput<Params, Artifacts> {
  readonly brand: typeof MOD_BRAND;
  readonly contract: number;
  readonly artifacts: Artifacts;
}

/**
 * Defines a mod. Make it the default export of the entry file that the `datapy` key of package.json names.
 *
 * Nothing is checked here, so that importing a faulty mod never throws: the host checks metadata, name, schema and defaults
 * when it loads the mod, and reports all that is wrong under one error code each.
 */
export function defineMod<Params extends TObject, const Artifacts extends ArtifactDeclarations = Record<never, never>>(
  input: ModInput<Params, Artifacts>,
): ModDefinition<Params, Artifacts> {
  return { ...input, artifacts: input.artifacts ?? ({} as Artifacts), brand: MOD_BRAND, contract: CONTRACT_VERSION };
}
