import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import path from "node:path";

/** Name of the file, in the folder of each date, that sums up the runs of ended sessions. Derived: the session files are the truth. */
export const INDEX_NAME = "runs.index";

/** Name of the file beside it that says what those runs read and wrote. Derived, too. */
export const LINEAGE_INDEX_NAME = "lineage.index";

/** Folder of the ledger. */
export function ledgerRoot(workPath: string): string {
  return path.join(path.resolve(workPath), "runs");
}

/** Folder of the sessions that began on the (local) date of `at`. */
export function ledgerFolder(workPath: string, at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return path.join(ledgerRoot(workPath), date);
}

/** A file that only grows, one whole line at a time. */
export interface AppendFile {
  /** @throws the error of the file system */
  append(line: string): void;
  close(): void;
}

/**
 * Opens a file for appending when its first line comes. Each line is one write, so lines of several processes do not mix; a line
 * that a killed process left unfinished is ended first.
 */
export function appendFile(file: string): AppendFile {
  let descriptor: number | undefined;
  let torn = false;
  const open = (): number => {
    mkdirSync(path.dirname(file), { recursive: true });
    const opened = openSync(file, "a+", 0o640);
    torn = endsTorn(opened);
    return opened;
  };
  return {
    append(line) {
      descriptor ??= open();
      const bytes = Buffer.from(torn ? `\n${line}\n` : `${line}\n`, "utf8");
      let written = 0;
      try {
        while (written < bytes.length) written += writeSync(descriptor, bytes, written, bytes.length - written);
        torn = false;
      } catch (error) {
        if (written > 0) torn = true;
        throw error;
      }
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

function endsTorn(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}
