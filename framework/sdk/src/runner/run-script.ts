import { placeInStack } from "./place-in-stack.js";
import { statSync } from "node:fs";
import path from "node:path";
import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError, Envelope, ErrorExitCode, ExitCode } from "@datapy/mod-kit";
import { MODULE_ENDING, importFile } from "../contract/import-file.js";
import { fault } from "../errors.js";
import { YAML_ENDING } from "../registry/yaml-is-no-mod.js";
import { exitCodeOf } from "../result/exit-code-of.js";
import { nameStep } from "../result/name-step.js";
import { failureEnvelope, faultsOf, formatFault, messageOf, roundSeconds } from "./failure-envelope.js";
import type { RunFailure } from "./run-mod.js";
import { noRunLeft, nothingLeftToDo } from "./script-drain.js";
import { asExitCode, exitCodeOfError } from "./script-exit-code.js";
import { stackOf } from "./stack-of.js";
import { currentSession, scriptState } from "./script-session.js";
import { readScriptParameters } from "./script-parameters.js";
import type { RunSummary } from "./runner-protocol.js";
import type { Session } from "./session-types.js";

/** What a script is run with. */
export interface ScriptRun {
  /** Absolute. */
  readonly file: string;
  /** `process.argv.slice(2)` of the script. */
  readonly arguments: readonly string[];
  /** Last eight digits of the session's run id. */
  readonly runSuffix: string;
  /** Rejects when the script is to end and has had its time to, or when an error of its own reached no one. */
  readonly over: Promise<never>;
  /** Why it is to end, once it is: its cancellation, or its time. */
  readonly ended: () => DatapyError | undefined;
}

/** Envelope of a session that ran a script: the specification's keys, and `runs`. */
export type SessionEnvelope = Envelope & { readonly runs: readonly RunSummary[] };

/** How a script came to its end. */
type Ending =
  /** `code`: what it returned or set; `undefined` when it did neither. */
  { readonly kind: "ended"; readonly code: unknown } | { readonly kind: "threw"; readonly error: unknown };

/** Thrown by `process.exit` in a script, so that what follows the call is not run. */
class ScriptExit extends Error {
  constructor() {
    super("process.exit() was called");
    this.name = "ScriptExit";
  }
}

/** A function that runs as a script's default export. */
type ScriptFunction = (context: {
  readonly params: Readonly<Record<string, unknown>>;
  readonly globals: Readonly<Record<string, unknown>>;
}) => unknown;

/**
 * Runs a script in this process and gives the envelope of its session. A script ends when its default function has returned and its
 * runs are over; one without such a function when nothing is left to do, as under plain `node`. The exit code is, in this order: 50 when it was canceled and
 * 40 when its time was up; what the script returned from its default function, gave to `process.exit` or set as `process.exitCode`
 * (0 and the five others; anything else is 30); for an error that it did not catch, that error's own code or 30; the worst of the
 * results, warnings among them, that it left to its session (see `failOnError`).
 */
export async function runScript(
  script: ScriptRun,
): Promise<{ readonly exitCode: ExitCode; readonly envelope: SessionEnvelope; readonly session: Session }> {
  const began = performance.now();
  const ending = await endOf(script);
  const session = await currentSession();
  // What still runs beside a run that failed is of no use to anybody, and would find its working files gone.
  if (ending.kind === "threw" && session.active.size > 0) {
    session.abort(fault("DATAPY_CANCELED", { cause: "the failure of the script" }));
    await noRunLeft();
  }
  const seconds = (performance.now() - began) / 1000;
  const logs = {
    log_file: session.log.file,
    session_id: session.id,
    run_id: `${session.name.replace(/[^A-Za-z0-9_-]+/g, "_")}_${script.runSuffix}`,
  };
  const envelope = conclude(ending, script.ended(), { session, file: script.file }, seconds, logs);
  return {
    exitCode: exitCodeOf(envelope),
    envelope: session.masker.maskJson({ ...envelope, runs: session.summaries }),
    session,
  };
}

async function endOf(script: ScriptRun): Promise<Ending> {
  const left = interceptExit();
  try {
    const code = await Promise.race([execute(script), left, script.over]);
    return { kind: "ended", code: code ?? process.exitCode };
  } catch (error) {
    if (error instanceof ScriptExit) return { kind: "ended", code: await left };
    return { kind: "threw", error };
  } finally {
    process.exitCode = undefined;
  }
}

/**
 * Makes `process.exit` end the script instead of the process, whose envelope is still to be written. Resolves with its code; a call
 * without one says nothing about how the script went.
 */
function interceptExit(): Promise<unknown> {
  return new Promise((resolve) => {
    // eslint-disable-next-line no-restricted-properties -- replaced, not called
    process.exit = (code?: number | string | null): never => {
      resolve(code ?? process.exitCode);
      throw new ScriptExit();
    };
  });
}

async function execute(script: ScriptRun): Promise<unknown> {
  checkScript(script.file);
  process.argv = [process.argv[0] ?? process.execPath, script.file, ...script.arguments];
  process.setSourceMapsEnabled(true);
  const { params, globals } = await readScriptParameters();
  const exports = await importFile(script.file);
  const main = defaultExport(exports);
  if (typeof main === "function") {
    const returned = await (main as ScriptFunction)({ params, globals });
    await noRunLeft();
    return exitCodeIn(returned);
  }
  await nothingLeftToDo();
  return exitCodeIn(main);
}

function checkScript(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory() === true)
    throw fault("DATAPY_SCRIPT_KIND", { path: file }, { hint: "It is a folder; name a file in it." });
  if (found?.isFile() !== true) throw fault("DATAPY_SCRIPT_NOT_FOUND", { path: file });
  if (MODULE_ENDING.test(file)) return;
  const hint = YAML_ENDING.test(file) ? `A job file is run with \`datapy run-job ${path.basename(file)}\`.` : undefined;
  throw fault("DATAPY_SCRIPT_KIND", { path: file }, { hint });
}

/** The default export, however the module was compiled. */
function defaultExport(exports: unknown): unknown {
  if (typeof exports !== "object" || exports === null) return exports;
  const inner = (exports as { readonly default?: unknown }).default;
  return typeof inner === "object" && inner !== null && "default" in inner ? inner.default : inner;
}

/** A number, or the envelope of a run: everything else that a script returns says nothing about how it went. */
function exitCodeIn(returned: unknown): number | undefined {
  if (typeof returned === "number") return returned;
  if (typeof returned !== "object" || returned === null || !("status" in returned) || !("logs" in returned))
    return undefined;
  const { status, exit_code: code } = returned as { readonly status: unknown; readonly exit_code?: unknown };
  if (status === "success") return 0;
  if (status === "warning") return 10;
  return typeof code === "number" ? code : undefined;
}

function conclude(
  ending: Ending,
  reason: DatapyError | undefined,
  { session, file }: { readonly session: Session; readonly file: string },
  executionTime: number,
  logs: Envelope["logs"],
): Envelope {
  const state = scriptState();
  const context = { executionTime, logs, globals: session.globals };
  if (reason !== undefined) return failureEnvelope(reason, context);
  if (ending.kind === "threw") {
    logThrown(session, ending.error);
    const faults = faultsOf(ending.error, (error) =>
      fault(
        "DATAPY_SCRIPT_THREW",
        { script: session.name, detail: messageOf(error) },
        { cause: error, location: placeInStack(error, file) },
      ),
    );
    return {
      ...failureEnvelope(faults[0], context),
      // What failed says itself why: as it would in a job.
      errors: isRunFailure(ending.error) ? errorsOf(ending.error) : faults.map(formatFault),
      exit_code: exitCodeOfError(ending.error) as ErrorExitCode,
    };
  }
  const code = ending.code === undefined ? state.worst : asExitCode(ending.code);
  if (code >= 20) {
    const said = ending.code === undefined || state.errors.length > 0 ? state.errors : [];
    const errors =
      said.length > 0
        ? said
        : [
            formatFault(
              fault(
                "DATAPY_SCRIPT_FAILED",
                { script: session.name, code: String(ending.code) },
                { location: { file } },
              ),
            ),
          ];
    return { ...failureEnvelope(undefined, context), errors, exit_code: code as ErrorExitCode };
  }
  const warnings = code === 10 && state.warnings.length === 0 ? ["the script ended with exit code 10"] : state.warnings;
  return {
    status: code === 10 ? "warning" : "success",
    execution_time: roundSeconds(executionTime),
    metrics: {
      runs: session.summaries.length,
      runs_failed: session.summaries.filter((one) => one.status === "error").length,
    },
    artifacts: {},
    globals: { ...session.globals },
    warnings: code === 10 ? warnings : [],
    errors: [],
    logs,
  };
}

/** `RunFailure` of any loaded copy of the sdk. */
function isRunFailure(error: unknown): error is RunFailure {
  return isDatapyError(error) && error.code === "DATAPY_RUN_FAILED" && "envelope" in error && "what" in error;
}

function errorsOf({ envelope, what }: RunFailure): string[] {
  return "steps" in envelope ? [...envelope.errors] : envelope.errors.map((one) => nameStep(one, what));
}

/** The lines of the script that led to a failed run; what is wrong with the input needs none. */
function callsOf(error: RunFailure): string | undefined {
  if (error.exitCode === 20) return undefined;
  return error.stack
    ?.split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}

/** Errors of a run stand in the log already. */
function logThrown(session: Session, error: unknown): void {
  const known = isRunFailure(error);
  const stack = known ? callsOf(error) : stackOf(error);
  const message = known ? `${error.what} ended with exit code ${String(error.exitCode)}` : messageOf(error);
  session.log.lifecycle("error", `the script failed: ${message}`, {}, stack === undefined ? {} : { stack });
}
