import type { ModLogger } from "@datapy/mod-kit";
import type { Masker } from "../secrets/masker-types.js";

/** What a session's log is opened with. */
export interface SessionLogOptions {
  readonly sessionId: string;
  /** File name without time and ending: of the YAML file, of the script, else the mod's name. */
  readonly stem: string;
  readonly startedAt: Date;
  readonly directory: string;
  readonly level: string;
  readonly format: "json" | "pretty";
  readonly retentionDays?: number;
  readonly masker: Masker;
}

/** The one log of an execution session. */
export interface SessionLog {
  /** Absolute path; empty when no file could be made (which is said on stderr, and fails nothing). */
  readonly file: string;
  /** A logger whose every line carries `context` (mod, run_id, …) beside session id and time. */
  logger(context: Readonly<Record<string, unknown>>): ModLogger;
  /** Writes out all that is pending. Never throws. */
  close(): Promise<void>;
}
