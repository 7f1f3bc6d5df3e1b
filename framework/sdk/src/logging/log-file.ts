import { closeSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { makeFolder } from "../make-folder.js";

/** Names of log files that DataPy makes: `<stem>_<YYYYMMDD_HHMMSS>.log`, with `_2`, `_3` … when that one is taken. */
export const LOG_FILE_NAME = /^.+_(\d{8})_(\d{6})(?:_\d+)?\.log$/;

/** A second can hold this many sessions of one stem in one directory. */
const MOST_SESSIONS_A_SECOND = 10_000;

/**
 * An open log file. Every line is one `write` to a descriptor opened for appending, so lines of several processes in one file
 * neither tear nor overwrite each other (network file systems without atomic append excepted), and a line that was logged
 * outlives the process, however it ends.
 */
export interface LogFile {
  readonly path: string;
  /** Lines that could not be written. */
  readonly lost: number;
  /** Writes a line. Never throws: the first failure is told to `onFailure`, later ones are counted. */
  writeLine(text: string): void;
  close(): void;
}

/**
 * Makes a log file under a name that no other session has: creation is exclusive, so of two sessions that start in one second
 * with one stem, each gets its own.
 *
 * @throws the error of the file system when the directory cannot be made or written to
 */
export function createLogFile(
  directory: string,
  stem: string,
  startedAt: Date,
  onFailure: (error: unknown) => void,
): LogFile {
  makeFolder(directory);
  const base = `${safeStem(stem)}_${timestampOfName(startedAt)}`;
  for (let attempt = 1; ; attempt += 1) {
    const file = path.resolve(directory, `${base}${attempt === 1 ? "" : `_${attempt}`}.log`);
    try {
      return wrap(file, openSync(file, "ax", 0o640), onFailure);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt >= MOST_SESSIONS_A_SECOND) throw error;
    }
  }
}

/** Opens the log file of a session that another process has started, to add to it. */
export function joinLogFile(file: string, onFailure: (error: unknown) => void): LogFile {
  return wrap(path.resolve(file), openSync(file, "a", 0o640), onFailure);
}

function wrap(file: string, descriptor: number, onFailure: (error: unknown) => void): LogFile {
  let open = true;
  let lost = 0;
  let torn = false;
  return {
    path: file,
    get lost() {
      return lost;
    },
    writeLine(text) {
      if (!open) return;
      // After a write that stopped halfway, a line end comes first, so that only the broken line is lost.
      const bytes = Buffer.from(torn ? `\n${text}\n` : `${text}\n`, "utf8");
      let written = 0;
      try {
        while (written < bytes.length) written += writeSync(descriptor, bytes, written, bytes.length - written);
        torn = false;
      } catch (error) {
        if (written > 0) torn = true;
        lost += 1;
        if (lost === 1) onFailure(error);
      }
    },
    close() {
      if (!open) return;
      open = false;
      try {
        closeSync(descriptor);
      } catch (error) {
        onFailure(error);
      }
    },
  };
}

/** Keeps letters of every script; whatever a file system or a shell might trip over becomes `_`. */
function safeStem(stem: string): string {
  const safe = stem
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}._-]+/gu, "_")
    .replace(/^\.+/, "");
  let short = safe;
  while (Buffer.byteLength(short) > 200) short = short.slice(0, -1);
  return short === "" ? "datapy" : short;
}

/** `YYYYMMDD_HHMMSS` in local time. */
function timestampOfName(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${String(at.getFullYear()).padStart(4, "0")}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${date}_${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}
