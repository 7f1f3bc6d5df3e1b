import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fault } from "../../errors.js";
import { systemReason } from "../../system-reason.js";
import { datapyFacet, readEvents } from "../../ledger/ledger-line.js";
import { productVersion } from "../../ledger/producer.js";
import { resolveRunId } from "../../ledger/run-record.js";
import type { RunRecord } from "../../ledger/run-record.js";
import type { RunEvent } from "../../ledger/openlineage-types.js";
import { parseBundle } from "./job-bundle.js";
import { jobFolder } from "./job-folder.js";
import type { JobBundle } from "./job-bundle.js";
import { RECORDS_NAME } from "./step-records.js";

/** What {@link bundleSession} wrote. */
export interface SessionArchive {
  /** Absolute. */
  readonly file: string;
  readonly session_id: string;
  readonly bytes: number;
  /** Names in the archive. */
  readonly files: readonly string[];
  /** Whether `datapy replay` can run it again: it was a job. */
  readonly can_replay: boolean;
}

/** Text of one file in an archive at most. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Packs all that is known of a session into one `.tar.gz`: effective configuration with provenance, versions of mods and host, logs, ledger,
 * lineage, result, and of a job the bundle that it can be run again from. Nothing of a secret is in it: what it holds was masked when it was
 * written.
 *
 * @param id of a session, or of a run of it
 * @throws DatapyError `DATAPY_RUN_UNKNOWN`, `DATAPY_RUN_AMBIGUOUS`, `DATAPY_FILE_UNWRITABLE`
 */
export async function bundleSession(workPath: string, id: string, output: string | undefined): Promise<SessionArchive> {
  const runs = runsOf(workPath, id);
  const [first] = runs;
  if (first === undefined) throw fault("DATAPY_RUN_UNKNOWN", { id: JSON.stringify(id), folder: workPath });
  const sessionId = first.summary.session_id;
  const file = path.resolve(output ?? `${first.summary.job}_${sessionId.slice(0, 8)}.tar.gz`);
  const parent = await mkdtemp(path.join(os.tmpdir(), "datapy-bundle-"));
  try {
    const folder = path.join(parent, sessionId);
    mkdirSync(path.join(folder, "logs"), { recursive: true });
    const names = gather(folder, workPath, sessionId, runs);
    const { create } = await import("tar");
    const beside = `${file}.${String(process.pid)}.unfinished`;
    try {
      await create({ gzip: true, file: beside, cwd: parent, portable: true }, [sessionId]);
      renameSync(beside, file);
    } catch (error) {
      rmSync(beside, { force: true });
      throw fault("DATAPY_FILE_UNWRITABLE", { path: file, detail: systemReason(error) }, { cause: error });
    }
    return {
      file,
      session_id: sessionId,
      bytes: statSync(file).size,
      files: names,
      can_replay: names.includes("bundle.json"),
    };
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/** The bundle in an archive. Throws `DATAPY_BUNDLE_INVALID`. */
export async function readArchivedBundle(file: string): Promise<JobBundle> {
  const { list } = await import("tar");
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    await list({
      file,
      strict: true,
      filter: (name) => /^[0-9a-f-]{36}\/bundle\.json$/.test(name),
      onReadEntry: (entry) => {
        entry.on("data", (piece: Buffer) => {
          bytes += piece.length;
          if (bytes <= MOST_BYTES) pieces.push(piece);
        });
      },
    });
  } catch (error) {
    throw fault("DATAPY_BUNDLE_INVALID", { file, detail: archiveReason(error) }, { cause: error });
  }
  if (pieces.length === 0) throw fault("DATAPY_BUNDLE_INVALID", { file, detail: "it holds no job" });
  if (bytes > MOST_BYTES) throw fault("DATAPY_BUNDLE_INVALID", { file, detail: "the bundle in it is too large" });
  return parseBundle(file, Buffer.concat(pieces).toString("utf8"));
}

function archiveReason(error: unknown): string {
  const isArchive = !String((error as { readonly code?: unknown }).code).startsWith("TAR_");
  return isArchive ? systemReason(error) : "it is no .tar.gz archive, or a damaged one";
}

/** A session by its id, whether or not a run of it is known; or by the id of one of its runs. */
function runsOf(workPath: string, id: string): readonly RunRecord[] {
  const found = resolveRunId(workPath, id);
  if (found.kind === "session") return found.runs;
  const session = resolveRunId(workPath, found.run.summary.session_id);
  return session.kind === "session" ? session.runs : [found.run];
}

function gather(folder: string, workPath: string, sessionId: string, runs: readonly RunRecord[]): string[] {
  const names: string[] = [];
  const add = (name: string, text: string): void => {
    writeFileSync(path.join(folder, name), text);
    names.push(name);
  };
  const copy = (name: string, from: string): void => {
    if (!existsSync(from)) return;
    copyFileSync(from, path.join(folder, name));
    names.push(name);
  };
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  const ledgerFile = runs[0]?.ledgerFile ?? "";
  const events = existsSync(ledgerFile) ? readEvents(ledgerFile) : [];
  copy("bundle.json", path.join(jobFolder(workPath, sessionId), "bundle.json"));
  copy(RECORDS_NAME, path.join(jobFolder(workPath, sessionId), RECORDS_NAME));
  add("effective-config.json", json(runs.map(effectiveConfig)));
  add("lock.json", json(lockOf(runs)));
  add("lineage.json", json(runs.map(lineageOf)));
  add("result.json", json(resultOf(events, runs)));
  copy("ledger.ndjson", ledgerFile);
  for (const log of new Set(runs.map(({ logFile }) => logFile)))
    if (log !== "") copy(`logs/${path.basename(log)}`, log);
  return names;
}

function effectiveConfig({ summary, parameters, provenance }: RunRecord): object {
  return { run_id: summary.run_id, mod: summary.mod, step: summary.step, parameters, provenance };
}

function lockOf(runs: readonly RunRecord[]): object {
  const mods = new Map(
    runs.map(({ summary, version, packageName }) => [summary.mod, { mod: summary.mod, version, package: packageName }]),
  );
  return {
    datapy: productVersion(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    mods: [...mods.values()],
  };
}

function lineageOf({ summary, inputs, outputs }: RunRecord): object {
  return { run_id: summary.run_id, mod: summary.mod, step: summary.step, inputs, outputs };
}

/** Of a job its envelope, the last where it was gone on with; else those of the runs. */
function resultOf(events: readonly RunEvent[], runs: readonly RunRecord[]): unknown {
  const job = events
    .map(datapyFacet)
    .findLast((facet) => facet["part"] === "job" && facet["step"] === undefined && "envelope" in facet);
  return job === undefined ? runs.map(({ envelope }) => envelope ?? null) : job["envelope"];
}
