import { randomBytes, randomUUID } from "node:crypto";
import type { DatapyError, ExitCode } from "@datapy/mod-kit";
import { failureEnvelope } from "@datapy/sdk/failure-envelope";
import { FaultList } from "@datapy/sdk/faults";
import { writeWhole } from "@datapy/sdk/write-whole";
import { formatFaultForPeople } from "../output/format-fault.js";
import { oneScreen } from "../output/one-screen.js";
import { paintFor } from "../output/paint.js";
import { exitCodeOf, toFaults } from "./to-faults.js";

/** How a failed invocation is to be reported, read from its command line alone, since even reading that may have failed. */
export interface FailureForm {
  /** The command's first word begins with `run-`: stdout gets an error envelope. */
  readonly envelope: boolean;
  /** `--json` was given: stdout gets `{ "error": … }`. */
  readonly json: boolean;
  /** First part of the envelope's run id. */
  readonly runName: string;
}

/** The {@link FailureForm} that a command line asks for. */
export function failureForm(argv: readonly string[]): FailureForm {
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const [command = "", subject = ""] = own;
  const mod = /^[a-z][a-z0-9_-]*$/.test(subject) ? subject.replaceAll("_", "-") : undefined;
  return {
    envelope: command.startsWith("run-"),
    json: own.includes("--json"),
    runName: command === "run-mod" ? (mod ?? command) : command,
  };
}

/** A fault as JSON. */
function faultJson(fault: DatapyError): object {
  return {
    code: fault.code,
    message: fault.message,
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    ...(fault.location === undefined ? {} : { location: fault.location }),
    exit_code: fault.exitCode,
  };
}

/** What `--json` prints for an error: its first fault under `error`; all of them under `errors` where there are several. */
export function errorJson(error: unknown): object {
  const faults = toFaults(error);
  const [first] = faults.map(faultJson);
  return {
    error: { ...first, exit_code: exitCodeOf(error) },
    ...(faults.length > 1 ? { errors: faults.map(faultJson) } : {}),
  };
}

/**
 * Prints an error that ended a command: for people on stderr, and for programs on stdout where they asked for it. Resolves with the
 * exit code when all is written.
 */
export async function reportFailure(error: unknown, form: FailureForm): Promise<ExitCode> {
  const exitCode = exitCodeOf(error);
  if (exitCode === 0) return 0;
  const faults = toFaults(error);
  const paint = paintFor(process.stderr);
  const all = await Promise.all(
    faults.map(async (fault) => formatFaultForPeople(fault, paint, await excerptOf(fault)) + stackOf(fault)),
  );
  const lines = oneScreen(all, form.json || form.envelope ? "errors, in the result" : "errors; --json tells all");
  await writeWhole(process.stderr, `${lines.join("\n")}\n`);
  if (form.envelope) {
    const runId = `${form.runName}_${randomBytes(4).toString("hex")}`;
    const envelope = failureEnvelope(new FaultList(faults), {
      executionTime: process.uptime(),
      logs: { log_file: "", session_id: randomUUID(), run_id: runId },
    });
    await writeWhole(process.stdout, `${JSON.stringify(envelope, undefined, process.stdout.isTTY ? 2 : undefined)}\n`);
  } else if (form.json) {
    await writeWhole(process.stdout, `${JSON.stringify(errorJson(error), undefined, 2)}\n`);
  }
  return exitCode;
}

/** Where a fault of DataPy itself came from; other faults are explained by their text. */
function stackOf({ code, cause }: DatapyError): string {
  if (code !== "DATAPY_INTERNAL" || !(cause instanceof Error)) return "";
  const calls = (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return calls.length === 0 ? "" : `\n${calls.join("\n")}`;
}

/** The line of YAML that cannot be read, with a mark below the place. */
async function excerptOf(fault: DatapyError): Promise<string | undefined> {
  if (!fault.code.startsWith("DATAPY_YAML_")) return undefined;
  const { excerptOfFault } = await import("@datapy/sdk/yaml-excerpt");
  return excerptOfFault(fault);
}
