import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError, EnvelopeLogs, ErrorEnvelope, ErrorExitCode, SourceLocation } from "@datapy/mod-kit";
import type { FaultList } from "../faults.js";
import { fault } from "../errors.js";

/** What an error envelope says besides the error itself. */
export interface FailureContext {
  /** Seconds. */
  readonly executionTime: number;
  readonly logs: EnvelopeLogs;
  /** Values that the run had shared before it failed. Default none. */
  readonly globals?: Readonly<Record<string, unknown>>;
}

/** The faults behind anything that was thrown: those of a `FaultList`, a `DatapyError` itself, or what `describe` makes of the rest. */
export function faultsOf(error: unknown, describe: (error: unknown) => DatapyError): readonly DatapyError[] {
  if (isFaultList(error) && error.faults.length > 0) return error.faults;
  return [isDatapyError(error) ? error : describe(error)];
}

/** Whether `error` is a {@link FaultList} of any loaded copy of the sdk. */
export function isFaultList(error: unknown): error is FaultList {
  return error instanceof Error && (error as { brand?: unknown }).brand === "datapy.fault-list";
}

/**
 * One entry of an envelope's `errors`: `CODE: what (file:line:column). hint`. Of a message of several lines, such as one with a caret
 * under the place, the first gets the location, and the hint stands on a line of its own.
 */
export function formatFault(error: DatapyError): string {
  const place = error.location === undefined ? "" : ` (${formatLocation(error.location)})`;
  const [first = "", ...lines] = error.message.split("\n");
  // What a colon announces stands right behind it.
  const placed = first.endsWith(":") && lines.length > 0 ? `${first.slice(0, -1)}${place}:` : first + place;
  const what = [`${error.code}: ${placed}`, ...lines].join("\n");
  if (error.hint === undefined || error.hint === "") return what;
  if (lines.length > 0) return `${what}\n${error.hint}`;
  return `${/[.!?]$/.test(what) ? what : `${what}.`} ${error.hint}`;
}

function formatLocation({ file, line, column }: SourceLocation): string {
  if (line === undefined) return file;
  return column === undefined ? `${file}:${String(line)}` : `${file}:${String(line)}:${String(column)}`;
}

/** The worst exit code of several faults: canceled before timeout before runtime before validation. */
export function worstExitCode(faults: readonly DatapyError[]): ErrorExitCode {
  return faults.reduce<ErrorExitCode>((worst, one) => (one.exitCode > worst ? one.exitCode : worst), 20);
}

/** The specification's error response for anything that was thrown. What is not a `DatapyError` is a fault of DataPy: 30. */
export function failureEnvelope(error: unknown, context: FailureContext): ErrorEnvelope {
  const faults = faultsOf(error, (other) => fault("DATAPY_INTERNAL", { detail: messageOf(other) }, { cause: other }));
  return {
    status: "error",
    execution_time: roundSeconds(context.executionTime),
    errors: faults.map(formatFault),
    exit_code: worstExitCode(faults),
    globals: { ...context.globals },
    logs: { ...context.logs },
  };
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  try {
    if (typeof error === "string") return error;
    // Functions, symbols and undefined have no JSON.
    const json = JSON.stringify(error) as string | undefined;
    return json ?? String(error);
  } catch {
    return "something that cannot be shown was thrown";
  }
}

/** Seconds to the millisecond: what envelopes give. */
export function roundSeconds(seconds: number): number {
  return Math.max(0, Math.round(seconds * 1000) / 1000);
}
