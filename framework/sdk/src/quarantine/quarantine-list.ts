import { listArtifacts } from "../artifacts/artifact-list.js";
import type { ArtifactEntry } from "../artifacts/artifact-list.js";
import { findArtifact } from "../artifacts/find-artifact.js";
import { fault } from "../errors.js";
import { readJournal } from "./replay-journal.js";

/** Key of the artifact in which mods set rows aside. */
export const QUARANTINE_KEY = "quarantine";

/** Rows that a run set aside. */
export interface QuarantineEntry {
  /** Of the artifact. */
  readonly id: string;
  readonly rows: number;
  /** Rows that have not been replayed. */
  readonly open: number;
  readonly session_id: string;
  readonly run_id: string;
  readonly mod: string;
  readonly job: string;
  readonly step?: string;
  /** ISO 8601, UTC. */
  readonly made_at: string;
  /** Of the Parquet file. */
  readonly path: string;
  /** `gone`: its file has been removed, and nothing can be replayed any more. */
  readonly state: ArtifactEntry["state"];
}

/** Which quarantines {@link listQuarantines} gives. */
export interface QuarantineFilter {
  readonly session?: string | undefined;
  readonly step?: string | undefined;
  /** Also those whose rows have all been replayed, and those that are gone or were replaced. Default `false`. */
  readonly all?: boolean | undefined;
  readonly limit?: number | undefined;
}

/** What runs have set aside, newest first. */
export function listQuarantines(workPath: string, filter: QuarantineFilter = {}): QuarantineEntry[] {
  const { session, step, all, limit } = filter;
  const entries = listArtifacts(workPath, { session, step, all, key: QUARANTINE_KEY })
    .map((artifact) => entryOf(workPath, artifact))
    .filter(({ open }) => all === true || open > 0);
  return limit === undefined ? entries : entries.slice(0, limit);
}

/** Finds one by anything that finds its artifact. @throws DatapyError `DATAPY_ARTIFACT_…`, `DATAPY_QUARANTINE_NONE` */
export function findQuarantine(
  workPath: string,
  reference: string,
  cwd: string,
): { readonly entry: QuarantineEntry; readonly artifact: ArtifactEntry } {
  const found = findArtifact(workPath, reference, cwd);
  if (found.kind !== "artifact" || found.artifact.key !== QUARANTINE_KEY || found.artifact.kind !== "table")
    throw fault("DATAPY_QUARANTINE_NONE", { reference: JSON.stringify(reference) });
  return { entry: entryOf(workPath, found.artifact), artifact: found.artifact };
}

function entryOf(workPath: string, artifact: ArtifactEntry): QuarantineEntry {
  const { id, session_id, run_id, mod, job, step, made_at, path, state, rows = 0 } = artifact;
  const { done } = readJournal(workPath, id);
  return {
    id,
    rows,
    open: rows - done.size,
    session_id,
    run_id,
    mod,
    job,
    ...(step === undefined ? {} : { step }),
    made_at,
    path,
    state,
  };
}
