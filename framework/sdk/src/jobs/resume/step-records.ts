import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ExitCode } from "@datapy/mod-kit";
import { appendFile } from "../../ledger/ledger-files.js";
import { parseLine } from "../../ledger/ledger-line.js";
import { exitCodeOf } from "../../result/exit-code-of.js";
import type { BookmarkChanges, StepTask, TaskArtifact, TaskResult } from "../engine/engine-types.js";

/** A try of a step, or of an item of one, that ended. */
export interface StepRecord {
  readonly kind: "ended";
  /** `load`, `load[2]`, `reports.load`. */
  readonly path: string;
  /** Hash of the step in its plan. */
  readonly hash: string;
  /** Hash of the item; absent for a step without `foreach`. */
  readonly item?: string;
  readonly run_id: string;
  readonly mod: string;
  readonly version: string;
  readonly attempt: number;
  readonly status: "success" | "warning" | "error";
  readonly exit_code: ExitCode;
  readonly execution_time: number;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly artifacts: Readonly<Record<string, string>>;
  readonly globals: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  readonly files: readonly TaskArtifact[];
  readonly bookmarks: BookmarkChanges;
}

interface StartRecord {
  readonly kind: "started";
  readonly path: string;
  readonly attempt: number;
}

/** The session begins, or is gone on with. */
interface InvocationRecord {
  readonly kind: "invoked";
  readonly at: string;
  readonly pid: number;
}

type AnyRecord = StartRecord | StepRecord | InvocationRecord;

/** What became of the steps of a session's job, written down as it happens: what a resumed session goes on from. */
export interface StepRecords {
  /** Tries that have begun so far, those of earlier invocations included. */
  tries(path: string): number;
  /** Times that it has succeeded so far. */
  successes(path: string): number;
  started(path: string, attempt: number): void;
  ended(record: StepRecord): void;
  /** Takes note of a record that is written already. */
  noted(record: StepRecord): void;
  /** Notes that the session begins or is gone on with. */
  invoked(): void;
  /** Invocations of the session so far. */
  readonly invocations: number;
  /** The last success of every path. */
  readonly finished: ReadonlyMap<string, StepRecord>;
  close(): void;
}

/** Name of the file in the folder of a session's job. */
export const RECORDS_NAME = "steps.ndjson";

/** What is written down of a task that ended. */
export function recordOf(task: StepTask, result: TaskResult): StepRecord {
  const { envelope } = result;
  const isError = envelope.status === "error";
  const item = task.record?.item;
  return {
    kind: "ended",
    path: task.step.path ?? task.step.stepId ?? "",
    hash: task.record?.hash ?? "",
    ...(item === undefined ? {} : { item }),
    run_id: envelope.logs.run_id,
    mod: result.mod,
    version: result.version,
    attempt: task.step.attempt ?? 1,
    status: envelope.status,
    exit_code: exitCodeOf(envelope),
    execution_time: envelope.execution_time,
    metrics: isError ? {} : envelope.metrics,
    artifacts: isError ? {} : envelope.artifacts,
    globals: envelope.globals,
    warnings: isError ? [] : envelope.warnings,
    errors: envelope.errors,
    files: result.artifacts,
    bookmarks: result.bookmarks,
  };
}

/** Adds a record to those in a folder; other processes may do the same. */
export function appendRecord(folder: string, record: StepRecord): void {
  const lines = appendFile(path.join(folder, RECORDS_NAME));
  try {
    lines.append(JSON.stringify(record));
  } finally {
    lines.close();
  }
}

/** Opens the records in a folder. Lines that a kill tore are passed over. */
export function openStepRecords(folder: string): StepRecords {
  const file = path.join(folder, RECORDS_NAME);
  const tries = new Map<string, number>();
  const successes = new Map<string, number>();
  const finished = new Map<string, StepRecord>();
  let invocations = 0;
  const note = (record: AnyRecord): void => {
    if (record.kind === "invoked") invocations += 1;
    else if (record.kind === "started") {
      tries.set(record.path, Math.max(record.attempt, tries.get(record.path) ?? 0));
    } else if (record.status !== "error") {
      successes.set(record.path, (successes.get(record.path) ?? 0) + 1);
      finished.set(record.path, record);
    }
  };
  for (const record of readRecords(file)) note(record);
  const lines = appendFile(file);
  const write = (record: AnyRecord): void => {
    note(record);
    lines.append(JSON.stringify(record));
  };
  return {
    tries: (one) => tries.get(one) ?? 0,
    successes: (one) => successes.get(one) ?? 0,
    started: (one, attempt) => write({ kind: "started", path: one, attempt }),
    ended: write,
    noted: note,
    invoked: () => write({ kind: "invoked", at: new Date().toISOString(), pid: process.pid }),
    get invocations() {
      return invocations;
    },
    finished,
    close: () => lines.close(),
  };
}

/** Records of a file, whole lines only. */
export function readRecords(file: string): AnyRecord[] {
  if (!existsSync(file)) return [];
  const kinds: readonly unknown[] = ["started", "ended", "invoked"];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      const record = parseLine(line);
      return kinds.includes(record?.["kind"]) ? [record as unknown as AnyRecord] : []; // Our own file; torn lines are out.
    });
}
