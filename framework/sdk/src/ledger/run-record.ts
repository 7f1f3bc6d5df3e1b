import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { ledgerRoot } from "./ledger-files.js";
import { datapyFacet, readEvents } from "./ledger-line.js";
import type { LineageDataset, RunEvent } from "./openlineage-types.js";
import { foldersNewestFirst, runsOfDay } from "./run-list.js";
import type { RunSummary } from "./run-summary.js";

/** A run in full. */
export interface RunRecord {
  readonly summary: RunSummary;
  /** As the ledger's own facet has them; empty when the run's start was not recorded. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Layer and place of each parameter, by JSON pointer. */
  readonly provenance: Readonly<Record<string, ParameterPlace>>;
  readonly version: string | undefined;
  readonly packageName: string | undefined;
  /** File of a mod that was given by path. */
  readonly modFile: string | undefined;
  readonly logFile: string;
  /** Absent while the run has not ended. */
  readonly envelope: Envelope | undefined;
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
  /** File that the run is recorded in. */
  readonly ledgerFile: string;
  readonly events: readonly RunEvent[];
}

/** Where a parameter's value came from. */
export interface ParameterPlace {
  readonly layer: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What an id stands for: one run, or a session with its runs, oldest first. */
export type ResolvedRunId =
  | { readonly kind: "run"; readonly run: RunRecord }
  | { readonly kind: "session"; readonly sessionId: string; readonly runs: readonly RunRecord[] };

/** A run that was found, and where. */
interface FoundRun {
  readonly summary: RunSummary;
  readonly folder: string;
}

/**
 * Finds a run by its id, by its eight hex digits, or by as much of the start of either as is unique; or a session by its id.
 *
 * @throws DatapyError `DATAPY_RUN_UNKNOWN`, `DATAPY_RUN_AMBIGUOUS`
 */
export function resolveRunId(workPath: string, id: string): ResolvedRunId {
  const [exact, partial, session]: [FoundRun[], FoundRun[], FoundRun[]] = [[], [], []];
  for (const folder of foldersNewestFirst(workPath, undefined)) {
    for (const summary of runsOfDay(folder, { containing: id })) {
      const found = { summary, folder };
      if (summary.run_id === id) exact.push(found);
      else if (summary.session_id === id) session.push(found);
      else if (summary.run_id.startsWith(id) || summary.run_id.slice(-8).startsWith(id)) partial.push(found);
    }
  }
  if (exact.length === 0 && session.length > 0) {
    const runs = latestAttempts(session)
      .sort((a, b) => (a.summary.started_at < b.summary.started_at ? -1 : 1))
      .map(readRun);
    return { kind: "session", sessionId: id, runs };
  }
  const candidates = latestAttempts(exact.length > 0 ? exact : partial);
  const [first] = candidates;
  if (first === undefined || id === "")
    throw fault("DATAPY_RUN_UNKNOWN", { id: JSON.stringify(id), folder: ledgerRoot(workPath) });
  if (candidates.length > 1) {
    const names = candidates.slice(0, 5).map(({ summary }) => `${summary.run_id} (${summary.started_at})`);
    const more = candidates.length > 5 ? ", …" : "";
    throw fault("DATAPY_RUN_AMBIGUOUS", {
      id: JSON.stringify(id),
      count: candidates.length,
      names: names.join(", ") + more,
    });
  }
  return { kind: "run", run: readRun(first) };
}

/** Attempts at one step of a job have one id: the last says what became of it. */
function latestAttempts(found: readonly FoundRun[]): FoundRun[] {
  const latest = new Map<string, FoundRun>();
  for (const one of found) {
    const key = `${one.summary.session_id} ${one.summary.run_id}`;
    const known = latest.get(key);
    if (known === undefined || known.summary.started_at <= one.summary.started_at) latest.set(key, one);
  }
  return [...latest.values()];
}

function readRun({ summary, folder }: FoundRun): RunRecord {
  const ledgerFile = path.join(folder, `${summary.session_id}.ndjson`);
  const events = readEvents(ledgerFile).filter((event) => datapyFacet(event)["run_id"] === summary.run_id);
  const merged = Object.assign({}, ...events.map(datapyFacet)) as Readonly<Record<string, unknown>>;
  const last = events.at(-1);
  const text = (key: string): string | undefined => (typeof merged[key] === "string" ? merged[key] : undefined);
  return {
    summary,
    parameters: (merged["parameters"] ?? {}) as Readonly<Record<string, unknown>>,
    provenance: (merged["provenance"] ?? {}) as Readonly<Record<string, ParameterPlace>>,
    version: text("version"),
    packageName: text("package_name"),
    modFile: text("mod_file"),
    logFile: text("log_file") ?? (merged["envelope"] as Envelope | undefined)?.logs.log_file ?? "",
    envelope: merged["envelope"] as Envelope | undefined,
    inputs: last?.inputs.length === 0 ? (events[0]?.inputs ?? []) : (last?.inputs ?? []),
    outputs: last?.outputs ?? [],
    ledgerFile,
    events,
  };
}
