import { setTimeout as sleep } from "node:timers/promises";
import type { StorageLocation } from "./storage-uri.js";
import { showLocation } from "./storage-uri.js";
import type { JournalEntry, JournalRecord } from "./upload-journal.js";
import type { UploadSettings } from "./upload-types.js";

/** How long cleaning up may take after a run was told to end, in milliseconds. */
const PATIENCE_MS = 8_000;
/** A part that was under way while its upload was aborted can still arrive; so it is looked at again. */
const TRIES = 3;
/** An upload whose id was never learnt was begun about when its entry says, by clocks that may differ. */
const CLOCKS_MS = 5 * 60_000;
const ANSWER_MS = 15 * 60_000;

type CleanupSettings = Pick<UploadSettings, "storage" | "journal" | "log">;

/**
 * Aborts the upload of a journal's entry until the store has none of it, and ends the entry. Never throws: what cannot be done now is
 * marked in the journal for the next run, with a word in the log.
 */
export async function abortUpload(settings: CleanupSettings, record: JournalRecord): Promise<boolean> {
  const { storage, log } = settings;
  const { entry } = record;
  // Its own clock: the run's signal may be what brought us here.
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const ids = entry.uploadId === undefined ? await begunByLostAnswer(settings, entry) : [entry.uploadId];
    for (const id of ids) {
      for (let attempt = 1; attempt <= TRIES; attempt += 1) {
        await storage.abortUpload(entry, id, signal);
        const left = await storage.listParts(entry, id, signal).catch(() => undefined);
        if (left === undefined || left.length === 0) break;
        await sleep(100 * attempt);
      }
    }
    await record.end();
    return ids.length > 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(`an upload could not be taken away, the next run will: ${showLocation(entry)} (${reason})`, {
      upload_id: entry.uploadId ?? "",
    });
    await record.update({ abandoned: true }).catch(() => undefined);
    return false;
  }
}

/** Takes away what killed runs have left behind and `wanted` selects. Gives the number of uploads that were aborted. */
export async function clearLeftUploads(
  settings: CleanupSettings,
  wanted: (entry: JournalEntry) => boolean,
): Promise<number> {
  let cleared = 0;
  for (const record of await settings.journal.claim(wanted)) {
    settings.storage.signal.throwIfAborted();
    if (!(await abortUpload(settings, record))) continue;
    cleared += 1;
    settings.log.info(`took away what a killed run had left of ${showLocation(record.entry)}`);
  }
  return cleared;
}

/** Uploads of an entry's key that were begun about then and that no run knows. */
async function begunByLostAnswer({ storage, journal }: CleanupSettings, entry: JournalEntry): Promise<string[]> {
  const known = await journal.known();
  const uploads = await storage.listUploads(entry);
  return uploads
    .filter(({ uploadId, initiated }) => {
      const after = initiated.getTime() - entry.begun;
      return !known.has(uploadId) && after >= -CLOCKS_MS && after <= ANSWER_MS;
    })
    .map((one) => one.uploadId);
}

/**
 * Aborts uploads of a key that no journal of this project knows and that were begun more than `age` milliseconds ago: left by a run whose
 * journal is gone, on a machine that is no more. A store that does not let the user list uploads is left alone.
 */
export async function abortOldUploads(
  settings: CleanupSettings,
  location: StorageLocation,
  age: number,
): Promise<number> {
  const { storage, journal, log } = settings;
  const known = await journal.known();
  const uploads = await storage.listUploads(location).catch((error: unknown) => {
    storage.signal.throwIfAborted();
    log.debug(`uploads of ${showLocation(location)} cannot be listed: ${String(error)}`);
    return [];
  });
  const old = uploads.filter((one) => !known.has(one.uploadId) && Date.now() - one.initiated.getTime() > age);
  for (const { uploadId, initiated } of old) {
    await storage.abortUpload(location, uploadId, storage.signal);
    log.info(`aborted an upload of ${showLocation(location)} that was left behind on ${initiated.toISOString()}`, {
      upload_id: uploadId,
    });
  }
  return old.length;
}
