import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { SqlValue, StateStore } from "@datapy/mod-kit";
import { fileError } from "../data/duckdb-error.js";
import { fault } from "../errors.js";
import { withLock } from "../locks/with-lock.js";
import { decodeValue, encodeValue } from "./state-values.js";

/** A {@link StateStore} with its end. */
export interface RunState {
  readonly store: StateStore;
  /** What the run has set so far: JSON by key, `undefined` for a deletion. */
  readonly changes: ReadonlyMap<string, string | undefined>;
  /** Keeps what the run has set. To be called once, after the run has succeeded. */
  commit(): Promise<void>;
}

/** Options of {@link openState}. */
export interface StateOptions {
  readonly workPath: string;
  /** Name of the project; bookmarks outside of every project are kept together. */
  readonly project: string | undefined;
  readonly mod: string;
  /** Changes that are to be kept later, and that the run sees already: JSON by key, `undefined` for a deletion. Default none. */
  readonly unkept?: ReadonlyMap<string, string | undefined> | undefined;
}

/** Opens the bookmarks of a mod in a project, `<workPath>/state/<project>/<mod>.json`. Reads the file on first use. */
export function openState({ workPath, project, mod, unkept }: StateOptions): RunState {
  /** What the run has changed; `undefined` is a deletion. */
  const changes = new Map<string, string | undefined>();
  let reading: Promise<ReadonlyMap<string, unknown>> | undefined;
  const file = stateFile({ workPath, project, mod });
  return {
    changes,
    store: {
      async get(key) {
        const newer = changes.has(key) ? changes : unkept?.has(key) === true ? unkept : undefined;
        if (newer !== undefined) {
          const changed = newer.get(key);
          return changed === undefined ? undefined : decodeValue(JSON.parse(changed));
        }
        const kept = await (reading ??= read(file));
        return kept.has(key) ? decodeValue(kept.get(key)) : undefined;
      },
      set(key: string, value: SqlValue) {
        changes.set(key, JSON.stringify(encodeValue(key, value)));
      },
      delete(key) {
        changes.set(key, undefined);
      },
      async journalFolder() {
        const folder = file.replace(/\.json$/, ".journal");
        try {
          await mkdir(folder, { recursive: true });
        } catch (error) {
          throw fileError(error, folder);
        }
        return folder;
      },
    },
    commit: () => keepState({ workPath, project, mod }, changes),
  };
}

/** Keeps changes of a mod's bookmarks: JSON by key, `undefined` for a deletion. Keeping the same changes twice is harmless. */
export async function keepState(
  of: Pick<StateOptions, "workPath" | "project" | "mod">,
  changes: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  if (changes.size === 0) return;
  const file = stateFile(of);
  await withLock(`${file}.lock`, `the bookmarks of ${of.mod}`, async () => {
    // Read again: a run of the same mod may have ended meanwhile, and its other bookmarks stay.
    const next = new Map(await read(file));
    for (const [key, text] of changes) {
      if (text === undefined) next.delete(key);
      else next.set(key, JSON.parse(text));
    }
    const sorted = [...next].sort(([one], [other]) => (one < other ? -1 : 1));
    await replace(file, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`);
  });
}

function stateFile({ workPath, project, mod }: Pick<StateOptions, "workPath" | "project" | "mod">): string {
  return path.join(workPath, "state", encodeURIComponent(project ?? "_"), `${encodeURIComponent(mod)}.json`);
}

async function read(file: string): Promise<ReadonlyMap<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw fileError(error, file);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("it holds no object");
    return new Map(Object.entries(value));
  } catch (error) {
    const detail = error instanceof SyntaxError ? "it is no JSON, or was cut short" : (error as Error).message;
    throw fault("DATAPY_STATE_UNREADABLE", { file, detail }, { cause: error });
  }
}

/** Writes beside the file and renames, so that there is always one whole version. */
async function replace(file: string, text: string): Promise<void> {
  const beside = `${file}.${randomBytes(4).toString("hex")}.unfinished`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(beside, "w");
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw fileError(error, file);
  }
}
