import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { SuccessEnvelope } from "@datapy/mod-kit";
import { fileChecksum } from "../../artifacts/file-checksum.js";
import type { PreparedRun } from "../../runner/run-step.js";
import { hashOf } from "../plan/canonical-json.js";
import type { TaskArtifact } from "./engine-types.js";

/** Results of earlier runs of one step. */
export interface StepCache {
  /** The envelope of a run with the same mod, version, parameters and inputs, whose artifacts are all still what they were. */
  find(run: PreparedRun): Promise<SuccessEnvelope | undefined>;
  /** Keeps the result of the run that was looked for. */
  keep(envelope: SuccessEnvelope, artifacts: readonly TaskArtifact[]): Promise<void>;
  /** Whether {@link find} gave something. */
  readonly wasFound: boolean;
}

interface CacheEntry {
  readonly made_at: string;
  readonly envelope: SuccessEnvelope;
  readonly artifacts: readonly TaskArtifact[];
}

/** Opens the cache, `<workPath>/cache/steps/<key>.json`. A file that cannot be read or written costs a run, never a failure. */
export function openStepCache(
  workPath: string,
  options: { readonly maxAgeMs: number | null; readonly sourceHash: string | undefined },
): StepCache {
  const folder = path.join(workPath, "cache", "steps");
  let file: string | undefined;
  let found = false;
  return {
    get wasFound() {
      return found;
    },
    async find(run) {
      const key = await keyOf(run, options.sourceHash);
      file = path.join(folder, `${key}.json`);
      const entry = await readEntry(file);
      if (entry === undefined || isTooOld(entry, options.maxAgeMs) || !(await areWhole(entry.artifacts)))
        return undefined;
      found = true;
      const { metrics, ...rest } = entry.envelope;
      return { ...rest, metrics, execution_time: 0 };
    },
    async keep(envelope, artifacts) {
      if (file === undefined || found) return;
      const entry: CacheEntry = { made_at: new Date().toISOString(), envelope, artifacts };
      const beside = `${file}.${String(process.pid)}.unfinished`;
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(beside, JSON.stringify(entry));
        await rename(beside, file);
      } catch {
        await rm(beside, { force: true }).catch(() => undefined);
      }
    },
  };
}

/** Inputs count by what is in them, wherever they lie: a table of an earlier step has another path in every session. */
async function keyOf(run: PreparedRun, sourceHash: string | undefined): Promise<string> {
  const contents = new Map<string, string>();
  for (const { uri } of run.inputs) contents.set(uri, await fingerprint(uri));
  const replaced = JSON.parse(
    JSON.stringify(run.params, (_, value: unknown) =>
      typeof value === "string" && contents.has(value) ? `content:${contents.get(value) ?? ""}` : value,
    ),
  ) as unknown;
  return hashOf({ mod: run.mod, version: run.version, sourceHash, params: replaced });
}

async function fingerprint(uri: string): Promise<string> {
  if (!path.isAbsolute(uri)) return uri;
  const seen = await stat(uri).catch(() => undefined);
  if (seen?.isFile() === true) return fileChecksum(uri).catch(() => uri);
  if (seen?.isDirectory() !== true) return uri;
  const names = (await readdir(uri, { recursive: true })).sort();
  const parts: unknown[] = [];
  for (const name of names) {
    const one = await stat(path.join(uri, name)).catch(() => undefined);
    parts.push([name, one?.size, one?.mtimeMs]);
  }
  return hashOf(parts);
}

async function readEntry(file: string): Promise<CacheEntry | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as CacheEntry;
  } catch {
    return undefined;
  }
}

function isTooOld(entry: CacheEntry, maxAgeMs: number | null): boolean {
  return maxAgeMs !== null && Date.now() - Date.parse(entry.made_at) > maxAgeMs;
}

async function areWhole(artifacts: readonly TaskArtifact[]): Promise<boolean> {
  for (const { uri, checksum } of artifacts) {
    if (checksum === undefined || (await fileChecksum(uri).catch(() => "")) !== checksum) return false;
  }
  return true;
}
