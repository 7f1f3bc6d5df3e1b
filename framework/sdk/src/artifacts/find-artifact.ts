import { existsSync } from "node:fs";
import path from "node:path";
import { absolutePath } from "../config/absolute-path.js";
import { closestName } from "../config/closest-name.js";
import { fault } from "../errors.js";
import { datasetName } from "../ledger/dataset-name.js";
import { listLineage } from "../ledger/lineage-list.js";
import { artifactEntries, sameStep } from "./artifact-list.js";
import type { ArtifactEntry } from "./artifact-list.js";

/** What a reference stands for: an artifact of the ledger, or a file that the ledger does not know. */
export type FoundArtifact =
  | { readonly kind: "artifact"; readonly path: string; readonly artifact: ArtifactEntry }
  | { readonly kind: "file"; readonly path: string };

/**
 * Finds the artifact that a user means: by its id or a unique beginning of it (four digits at least), by the path of its file, or by
 * name: `SESSION/STEP/KEY`, where the session may be shortened or `last`, or `STEP/KEY` (or `KEY` alone) for the newest of that name.
 * A path that is no artifact's gives the file itself.
 *
 * @throws DatapyError `DATAPY_ARTIFACT_UNKNOWN`, `DATAPY_ARTIFACT_AMBIGUOUS`
 */
export function findArtifact(workPath: string, reference: string, cwd: string): FoundArtifact {
  const file = absolutePath(reference, cwd);
  if (looksLikePath(reference) || existsSync(file)) {
    const { name } = datasetName(file);
    const known = entriesWith(workPath, [name]).find((entry) => entry.path === name);
    if (known !== undefined) return found(known);
    if (existsSync(file)) return { kind: "file", path: file };
    if (looksLikePath(reference)) throw unknown(workPath, reference);
  }
  if (/^[0-9a-f]{4,12}$/.test(reference)) {
    const matching = entriesWith(workPath, [reference]).filter(({ id }) => id.startsWith(reference));
    if (matching.length > 1) throw ambiguous(reference, matching);
    if (matching[0] !== undefined) return found(matching[0]);
  }
  const named = byName(workPath, reference);
  if (named !== undefined) return found(named);
  throw unknown(workPath, reference);
}

/** Runs that read the file at `file`, newest first. */
export function consumersOf(
  workPath: string,
  file: string,
): readonly { readonly run_id: string; readonly session_id: string; readonly mod: string; readonly step?: string }[] {
  const consumers = [];
  for (const line of listLineage(workPath, { containing: [file] })) {
    if (!line.reads.some((place) => line.datasets[place] === file)) continue;
    const { run_id, session_id, mod, step } = line;
    consumers.push({ run_id, session_id, mod, ...(step === undefined ? {} : { step }) });
  }
  return consumers;
}

function looksLikePath(reference: string): boolean {
  return path.isAbsolute(reference) || /^(?:\.{1,2}[\\/]|~[\\/])/.test(reference) || reference.endsWith(".parquet");
}

function entriesWith(workPath: string, containing: readonly string[] | undefined): ArtifactEntry[] {
  return [...artifactEntries(listLineage(workPath, { artifacts: true, containing }))];
}

function found(artifact: ArtifactEntry): FoundArtifact {
  return { kind: "artifact", path: artifact.path, artifact };
}

/** `SESSION/STEP/KEY`, `STEP/KEY` or `KEY`. A file that is still there goes before one that is gone. */
function byName(workPath: string, reference: string): ArtifactEntry | undefined {
  const parts = reference.split("/");
  if (parts.length > 3 || parts.some((part) => part === "")) return undefined;
  const [key, step, session] = [...parts].reverse() as [string, string?, string?];
  const sessionMark = session === undefined || session === "last" ? undefined : session;
  const matching: ArtifactEntry[] = [];
  let last: string | undefined;
  for (const entry of artifactEntries(listLineage(workPath, { artifacts: true, containing: [sessionMark ?? key] }))) {
    last ??= entry.session_id;
    if (session !== undefined && !entry.session_id.startsWith(sessionMark ?? last)) continue;
    if (entry.key !== key || (step !== undefined && !sameStep(entry, step))) continue;
    // The newest that is there is the one; only where a session is named must all be seen.
    if (sessionMark === undefined && entry.state === "present") return entry;
    matching.push(entry);
  }
  if (new Set(matching.map(({ session_id }) => session_id)).size > 1 && sessionMark !== undefined)
    throw ambiguous(reference, matching);
  return matching.find(({ state }) => state === "present") ?? matching[0];
}

function ambiguous(reference: string, matching: readonly ArtifactEntry[]): Error {
  const names = matching.slice(0, 5).map((one) => `${one.id} (${one.step ?? one.mod}/${one.key}, ${one.made_at})`);
  return fault("DATAPY_ARTIFACT_AMBIGUOUS", {
    reference: JSON.stringify(reference),
    count: matching.length,
    names: names.join(", ") + (matching.length > 5 ? ", …" : ""),
  });
}

function unknown(workPath: string, reference: string): Error {
  const known = new Set<string>();
  for (const entry of artifactEntries(listLineage(workPath, { artifacts: true }))) {
    known.add(`${entry.step ?? entry.mod}/${entry.key}`);
    if (known.size >= 200) break;
  }
  const near = closestName(reference, [...known]);
  return fault(
    "DATAPY_ARTIFACT_UNKNOWN",
    { reference: JSON.stringify(reference), folder: workPath },
    near === undefined ? {} : { hint: `Did you mean ${near}? \`datapy artifacts\` lists them.` },
  );
}
