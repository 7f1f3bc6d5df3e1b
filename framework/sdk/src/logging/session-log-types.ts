import type { ModLogger } from "@datapy/mod-kit";
import type { Masker } from "../secrets/masker-types.js";
import type { LogLevel } from "./log-level.js";
import type { LogInput } from "./log-line.js";

/** What a session's log is opened with. */
export interface SessionLogOptions {
  readonly sessionId: string;
  /** File name without time and ending: of the YAML file, of the script, else the mod's name. */
  readonly stem: string;
  readonly startedAt: Date;
  readonly directory: string;
  /** `DEBUG`, `INFO`, `WARNING`, `ERROR` in any case, or a winston name. Default `INFO`. */
  readonly level?: string | undefined;
  /** How lines look on stderr; the file always holds JSON lines. Default `pretty` on a terminal, else `json`. */
  readonly format?: "json" | "pretty" | undefined;
  /** Whether lines go to the file alone. Default `false`. */
  readonly isQuiet?: boolean | undefined;
  /** Age in days past which log files in `directory` that DataPy wrote are deleted when the session closes. Default: never. */
  readonly retentionDays?: number | undefined;
  readonly masker: Masker;
  /** Log file of this very session, made by another process of it: lines are added to that one instead of making a file. */
  readonly join?: string | undefined;
}

/** The one log of an execution session. */
export interface SessionLog {
  readonly sessionId: string;
  /** Absolute path; empty when no file could be made (which is said on stderr, and fails nothing). */
  readonly file: string;
  readonly level: LogLevel;
  /** Writes one line of a mod or script, when its level is enabled; the line is in the file when the call returns. Never throws. */
  write(line: LogInput): void;
  /** A logger whose every line carries `context` (mod, run_id, …) beside session id and time. */
  logger(context: Readonly<Record<string, unknown>>): ModLogger;
  /**
   * Writes a line of the host's own: same place, form and masking as a logger's, without the cost of loading winston (35 ms), so
   * that a run which logs nothing itself does not pay for it.
   */
  lifecycle(
    level: LogLevel,
    message: string,
    context?: Readonly<Record<string, unknown>>,
    fields?: Readonly<Record<string, unknown>>,
  ): void;
  /** Writes out all that is pending, then deletes log files past their retention. Never throws; a second call does nothing. */
  close(): Promise<void>;
}
