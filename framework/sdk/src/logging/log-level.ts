import { fault } from "../errors.js";

/** Levels of a log line, most severe first. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

/** Level of a log line. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every accepted spelling: the specification's names, winston's, and the usual relatives of both. */
const SPELLINGS: Readonly<Record<string, LogLevel>> = {
  critical: "error",
  fatal: "error",
  error: "error",
  warning: "warn",
  warn: "warn",
  info: "info",
  notice: "info",
  http: "debug",
  verbose: "debug",
  debug: "debug",
  silly: "debug",
  trace: "debug",
  notset: "debug",
};

/** Names as they stand in a log line: those of the specification. */
export const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  error: "ERROR",
  warn: "WARNING",
  info: "INFO",
  debug: "DEBUG",
};

/**
 * Reads a level as a user writes it, in any case: `DEBUG`, `INFO`, `WARNING`, `ERROR`, or a winston name.
 *
 * @throws DatapyError `DATAPY_LOG_LEVEL_UNKNOWN`
 */
export function parseLogLevel(text: string): LogLevel {
  const name = text.trim().toLowerCase();
  const level = Object.hasOwn(SPELLINGS, name) ? SPELLINGS[name] : undefined;
  if (level === undefined) throw fault("DATAPY_LOG_LEVEL_UNKNOWN", { given: JSON.stringify(text) });
  return level;
}

/** Whether a line of `level` is written by a log set to `threshold`. */
export function isLevelEnabled(level: LogLevel, threshold: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(threshold);
}
