import { existsSync } from "node:fs";
import { listLineage } from "../ledger/lineage-list.js";
import type { LineageLine, WrittenDataset } from "../ledger/lineage-line.js";
import type { RunStatus } from "../ledger/run-summary.js";

/** An artifact, as the run ledger knows it. */
export interface ArtifactEntry {
  /** 12 hexadecimal digits. */
  readonly id: string;
  /** Key under which the mod made it. */
  readonly key: string;
  readonly kind: "table" | "file";
  /** Absolute path. */
  readonly path: string;
  /** `present`; `replaced` by a later run of the same step; `gone` when its file is not there any more. */
  readonly state: "present" | "replaced" | "gone";
  readonly session_id: string;
  readonly run_id: string;
  readonly mod: string;
  /** Job file, script or mod that the session was about. */
  readonly job: string;
  readonly step?: string;
  /** How the run that made it ended. */
  readonly status: RunStatus;
  /** When that run ended: ISO 8601, UTC. */
  readonly made_at: string;
  /** Of a table. */
  readonly rows?: number;
  readonly bytes?: number;
  /** `sha256:<64 hex>`; absent where the run ended before it was known. */
  readonly checksum?: string;
  /** Of a table. */
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
}

/** Which artifacts {@link listArtifacts} gives. */
export interface ArtifactFilter {
  /** Id of a session, or its beginning. */
  readonly session?: string | undefined;
  /** Step; of a run without one, its mod. `-` and `_` are the same. */
  readonly step?: string | undefined;
  readonly key?: string | undefined;
  /** Also those that were replaced or are gone. Default `false`. */
  readonly all?: boolean | undefined;
  /** At most this many, the newest. Default all. */
  readonly limit?: number | undefined;
}

/** Artifacts of a project, newest first. */
export function listArtifacts(workPath: string, filter: ArtifactFilter = {}): ArtifactEntry[] {
  const containing = filter.session === undefined ? undefined : [filter.session];
  const entries: ArtifactEntry[] = [];
  for (const entry of artifactEntries(listLineage(workPath, { artifacts: true, containing }))) {
    if (entries.length === filter.limit) break;
    if (fits(entry, filter) && (filter.all === true || entry.state === "present")) entries.push(entry);
  }
  return entries;
}

/** The artifacts of `lines`, newest first. */
export function* artifactEntries(lines: Iterable<LineageLine>): Generator<ArtifactEntry> {
  const newest = new Set<string>();
  const sorted = [...lines].sort((a, b) => (a.ended_at < b.ended_at ? 1 : a.ended_at > b.ended_at ? -1 : 0));
  for (const line of sorted) {
    for (const written of line.writes) {
      const entry = entryOf(line, written);
      if (entry === undefined) continue;
      const replaced = newest.has(entry.path);
      newest.add(entry.path);
      yield { ...entry, state: replaced ? "replaced" : existsSync(entry.path) ? "present" : "gone" };
    }
  }
}

function entryOf(line: LineageLine, written: WrittenDataset): ArtifactEntry | undefined {
  const { artifact } = written;
  const path = line.datasets[written.dataset];
  if (artifact === undefined || path === undefined) return undefined;
  const { id, key, kind, checksum } = artifact;
  const { rows, bytes, columns } = written;
  return {
    id,
    key,
    kind,
    path,
    state: "present",
    session_id: line.session_id,
    run_id: line.run_id,
    mod: line.mod,
    job: line.job,
    ...(line.step === undefined ? {} : { step: line.step }),
    status: line.status,
    made_at: line.ended_at,
    ...(rows === undefined ? {} : { rows }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(checksum === undefined ? {} : { checksum }),
    ...(columns === undefined ? {} : { columns: columns.map(([name, type]) => ({ name, type })) }),
  };
}

function fits(entry: ArtifactEntry, { session, step, key }: ArtifactFilter): boolean {
  if (session !== undefined && !entry.session_id.startsWith(session)) return false;
  if (step !== undefined && !sameStep(entry, step)) return false;
  return key === undefined || entry.key === key;
}

/** Whether `step` names the step, the mod or the run that made the artifact. */
export function sameStep(entry: ArtifactEntry, step: string): boolean {
  const plain = (name: string): string => name.replaceAll("_", "-");
  return entry.run_id === step || plain(entry.step ?? entry.mod) === plain(step);
}
