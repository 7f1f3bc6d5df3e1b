import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { appendFile } from "../ledger/ledger-files.js";
import { parseLine } from "../ledger/ledger-line.js";

/** A replay that has been begun. */
export interface BegunReplay {
  readonly session: string;
  /** Rows of the quarantine, counted from 1. */
  readonly rows: readonly number[];
  /** SHA-256 of the corrected rows. */
  readonly hash: string;
}

/** What is known of the replays of a quarantine. */
export interface ReplayJournal {
  /** Rows that have been replayed. */
  readonly done: ReadonlySet<number>;
  /** Replays that were begun and have not succeeded, oldest first. */
  readonly pending: readonly BegunReplay[];
  /** How often each session was begun. */
  readonly invocations: ReadonlyMap<string, number>;
}

/** A line of the journal. */
type JournalLine =
  | ({
      readonly kind: "begun";
      readonly at: string;
      /** Session that set the rows aside. */
      readonly origin: string;
    } & BegunReplay)
  | { readonly kind: "done"; readonly at: string; readonly session: string };

/** Folder of what is kept of the replays of a quarantine. */
export function replayFolder(workPath: string, id: string): string {
  return path.join(workPath, "quarantine", id);
}

/** Reads the journal of a quarantine's replays. Lines that a kill tore count for nothing. */
export function readJournal(workPath: string, id: string): ReplayJournal {
  const file = journalFile(workPath, id);
  const begun = new Map<string, BegunReplay>();
  const invocations = new Map<string, number>();
  const ended = new Set<string>();
  for (const line of linesOf(file)) {
    if (line.kind === "begun") {
      begun.set(line.session, { session: line.session, rows: line.rows, hash: line.hash });
      invocations.set(line.session, (invocations.get(line.session) ?? 0) + 1);
    } else ended.add(line.session);
  }
  const replays = [...begun.values()];
  return {
    done: new Set(replays.filter(({ session }) => ended.has(session)).flatMap(({ rows }) => rows)),
    pending: replays.filter(({ session }) => !ended.has(session)),
    invocations,
  };
}

/** The session whose rows a session replays, back to one that is no replay. */
export function originalSession(workPath: string, session: string): string {
  const origins = new Map<string, string>();
  const root = path.join(workPath, "quarantine");
  for (const id of existsSync(root) ? readdirSync(root) : []) {
    for (const line of linesOf(journalFile(workPath, id)))
      if (line.kind === "begun") origins.set(line.session, line.origin);
  }
  let original = session;
  for (let origin = origins.get(original); origin !== undefined; origin = origins.get(original)) original = origin;
  return original;
}

/** Notes that a replay begins, or that it has succeeded. */
export function writeJournal(workPath: string, id: string, line: JournalLine): void {
  mkdirSync(replayFolder(workPath, id), { recursive: true });
  const file = appendFile(journalFile(workPath, id));
  try {
    file.append(JSON.stringify(line));
  } finally {
    file.close();
  }
}

function linesOf(file: string): JournalLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((text) => (parseLine(text) as JournalLine | undefined) ?? []); // Our own file.
}

function journalFile(workPath: string, id: string): string {
  return path.join(replayFolder(workPath, id), "replays.ndjson");
}
