import { DatapyError, isModDefinition } from "@datapy/mod-kit";
import type {
  ArtifactDeclarations,
  Envelope,
  ErrorEnvelope,
  ModDefinition,
  Static,
  SuccessEnvelope,
  TObject,
  TSchema,
} from "@datapy/mod-kit";
import { valueWords } from "../contract/value-words.js";
import { fault } from "../errors.js";
import { callSiteOf } from "./call-site.js";
import { checkOptions } from "./check-options.js";
import { durationMilliseconds } from "./duration-milliseconds.js";
import { exitCodeOf } from "../result/exit-code-of.js";
import { nameStep } from "../result/name-step.js";
import { runStep } from "./run-step.js";
import { currentSession, scriptState } from "./script-session.js";

/** Options of {@link runMod}. */
export interface RunModOptions {
  /** Time that the run may take: milliseconds, or text such as `"90s"` or `"5m"`. Default unlimited. Past it: exit code 40. */
  readonly timeout?: number | string;
  /** Version that the mod must have. Default any. */
  readonly version?: string;
  /** Name of this step, for the ledger and for `mods.<step>` in configuration files. Default the mod's name. */
  readonly step?: string;
  /** Cancels this run: exit code 50. */
  readonly signal?: AbortSignal;
  /**
   * Who deals with the result. `true`: `runMod` throws a {@link RunFailure} for an error. `false`: the script does; neither errors nor
   * warnings of the run count for the exit code of the session. Left out: the envelope is returned, and the worst of such results becomes
   * the exit code of the session, unless the script sets one itself. A warning counts in the same way with `true`, which throws nothing
   * for it.
   */
  readonly failOnError?: boolean;
}

const OPTIONS = ["timeout", "version", "step", "signal", "failOnError"] as const satisfies (keyof RunModOptions)[];

/** What {@link runMod} throws with `failOnError: true`. Its code is `DATAPY_RUN_FAILED`, its exit code that of the run. */
export class RunFailure extends DatapyError {
  readonly envelope: ErrorEnvelope;

  /** What failed, in words: `step load`, `the job nightly.yaml`. */
  readonly what: string;

  constructor(envelope: ErrorEnvelope, what: string) {
    super({
      code: "DATAPY_RUN_FAILED",
      message: `${what}: ${envelope.errors.join("; ")}`,
      exitCode: envelope.exit_code,
    });
    this.envelope = envelope;
    this.what = what;
  }
}

/** A parameter as a caller gives it: durations and sizes, which are neither plain numbers nor unions, are numbers or text. */
type Given<Schema extends TSchema> = Schema extends
  { readonly type: "number" | "integer" } | { readonly anyOf: readonly TSchema[] }
  ? Static<Schema>
  : number extends Static<Schema>
    ? Static<Schema> | string
    : Static<Schema>;

/**
 * Parameters of a mod as a caller gives them. None is required here, since defaults, project and job may give it; what is missing in
 * the end is an error of the run.
 */
export type ParametersOf<Params extends TObject> = {
  readonly [Key in keyof Params["properties"]]?: Given<Params["properties"][Key]>;
} & {
  readonly base_path?: string;
};

/** Envelope of a mod whose artifacts are known to the compiler. Optional artifacts may be missing. */
export type EnvelopeOf<Artifacts extends ArtifactDeclarations> =
  | ErrorEnvelope
  | (Omit<SuccessEnvelope, "artifacts"> & {
      artifacts: {
        [Key in keyof Artifacts]: Artifacts[Key] extends { readonly optional: true } ? string | undefined : string;
      };
    });

/**
 * Runs a mod and gives its envelope; an error is an envelope too, unless `failOnError` is `true`. Runs may be started side by side.
 * Once the session is canceled or its time is up, nothing more is started: a call throws the reason (`DATAPY_CANCELED`, exit code 50;
 * `DATAPY_TIMEOUT`, 40), so that a script ends in good order whatever it would have done next.
 *
 * @param mod the mod, imported; its parameters and artifacts are then checked by the compiler. Or a reference: `csv-reader`,
 *   `csv_reader`, `@datapy/mod-csv-reader`, `datapy.mods.sources.csv_reader`, or a path such as `./mods/my-mod.ts`.
 * @param params over those of project and job.
 */
export function runMod<Params extends TObject, Artifacts extends ArtifactDeclarations>(
  mod: ModDefinition<Params, Artifacts>,
  params?: ParametersOf<Params>,
  options?: RunModOptions,
): Promise<EnvelopeOf<Artifacts>>;
export function runMod(
  mod: string,
  params?: Readonly<Record<string, unknown>>,
  options?: RunModOptions,
): Promise<Envelope>;
export async function runMod(
  mod: string | ModDefinition,
  params: Readonly<Record<string, unknown>> = {},
  options: RunModOptions = {},
): Promise<Envelope> {
  const callSite = callSiteOf(runMod);
  checkOptions("runMod", options, OPTIONS, callSite);
  if (typeof mod !== "string" && !isModDefinition(mod)) {
    throw fault("DATAPY_SCRIPT_ARGUMENT", {
      what: "the mod given to runMod",
      expected: "a name, a path or what defineMod made",
      given: valueWords(mod),
    });
  }
  // Scripts are also written in JavaScript, where nothing checks the type.
  const written: unknown = params;
  if (typeof written !== "object" || written === null || Array.isArray(written)) {
    throw fault("DATAPY_SCRIPT_ARGUMENT", {
      what: "the parameter object given to runMod",
      expected: "an object",
      given: valueWords(written),
    });
  }
  const timeoutMs =
    options.timeout === undefined ? undefined : durationMilliseconds(options.timeout, "the timeout given to runMod");
  const session = await currentSession();
  // A script that loops over its work would else go on: one canceled run after the other, each with its lines in log and ledger.
  session.signal.throwIfAborted();
  const envelope = await runStep(
    session,
    {
      mod: typeof mod === "string" ? mod : "imported",
      params,
      ...(options.version === undefined ? {} : { version: options.version }),
      ...(options.step === undefined ? {} : { stepId: options.step }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
    { definition: typeof mod === "string" ? undefined : mod, signal: options.signal, callSite },
  );
  const what = `step ${options.step ?? envelope.logs.run_id.replace(/_[0-9a-f]{8}$/, "")}`;
  if (options.failOnError === true && envelope.status === "error") throw new RunFailure(envelope, what);
  if (options.failOnError !== false) leaveToSession(envelope, (text) => nameStep(text, what));
  return envelope;
}

/** Leaves a result that the script does not handle itself to its session: for the exit code, errors and warnings of that. */
export function leaveToSession(envelope: Envelope, named = (text: string): string => text): void {
  const state = scriptState();
  const code = exitCodeOf(envelope);
  if (code > state.worst) state.worst = code;
  state.errors.push(...envelope.errors.map(named));
  if (envelope.status !== "error") state.warnings.push(...envelope.warnings.map(named));
}
