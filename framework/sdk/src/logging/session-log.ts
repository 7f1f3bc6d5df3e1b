import { hostname } from "node:os";
import path from "node:path";
import type { ModLogger } from "@datapy/mod-kit";
import { productVersion } from "../ledger/producer.js";
import { stderrTerminal } from "../progress/stderr-terminal.js";
import { createLogFile, joinLogFile } from "./log-file.js";
import type { LogFile } from "./log-file.js";
import { isLevelEnabled, parseLogLevel } from "./log-level.js";
import type { LogLevel } from "./log-level.js";
import { readRecord, renderJson, renderPretty } from "./log-line.js";
import type { LogInput, LogRecord } from "./log-line.js";
import { deleteExpiredLogs, HEADER_KEY } from "./log-retention.js";
import type { SessionLog, SessionLogOptions } from "./session-log-types.js";
import type { LogOutputs, RecordSink } from "./winston-pipeline.js";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Opens the log of a session and reserves its file, `<stem>_<YYYYMMDD_HHMMSS>.log` in local time. Cheap: winston is loaded by the
 * first line of a mod or script that passes the level. A directory that cannot be written to is one warning on stderr, and the
 * session goes on with stderr alone.
 *
 * @throws DatapyError `DATAPY_LOG_LEVEL_UNKNOWN`
 */
export function openSessionLog(options: SessionLogOptions): SessionLog {
  const level = parseLogLevel(options.level ?? "INFO");
  const terminal = stderrTerminal();
  const pretty = (options.format ?? (terminal.isTerminal ? "pretty" : "json")) === "pretty";
  const mask = (text: string): string => options.masker.mask(text);
  const outputs: LogOutputs = {
    toFile: (record) => file?.writeLine(renderJson(record)),
    toTerminal: (record) => {
      if (options.isQuiet === true) return;
      terminal.writeLine(pretty ? renderPretty(record, terminal.hasColor) : renderJson(record));
    },
  };

  const read = (line: LogInput): LogRecord =>
    readRecord({ ...line, context: { ...line.context, session_id: options.sessionId } }, mask);
  const own = (line: LogLevel, message: string, fields: Fields, context: Fields = {}): LogRecord =>
    read({ at: new Date(), level: line, message, context, fields });
  const warn = (message: string, fields: Fields): void => outputs.toTerminal(own("warn", message, fields));

  const file = reserve(options, warn);
  if (options.join === undefined)
    file?.writeLine(renderJson(own("info", "session started", header(options.startedAt))));

  let sink: RecordSink | undefined;
  const write = (line: LogInput): void => {
    if (!isLevelEnabled(line.level, level)) return;
    sink ??= loadSink(outputs);
    sink(read(line));
  };

  let closing: Promise<void> | undefined;
  return {
    sessionId: options.sessionId,
    file: file?.path ?? "",
    level,
    write,
    logger: (context) =>
      createLogger((line, message, fields) => write({ at: new Date(), level: line, message, context, fields })),
    lifecycle(line, message, context = {}, fields = {}) {
      if (!isLevelEnabled(line, level)) return;
      const written = own(line, message, fields, context);
      outputs.toFile(written);
      outputs.toTerminal(written);
    },
    close: () => (closing ??= close(file, options, warn)),
  };
}

/** A {@link ModLogger} over one function. */
export function createLogger(
  write: (level: LogLevel, message: unknown, fields: Fields | undefined) => void,
): ModLogger {
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}

function reserve(options: SessionLogOptions, warn: (message: string, fields: Fields) => void): LogFile | undefined {
  const onFailure = (error: unknown): void =>
    warn("the log file cannot be written to; lines go to stderr only", { error: reason(error) });
  try {
    return options.join === undefined
      ? createLogFile(options.directory, options.stem, options.startedAt, onFailure)
      : joinLogFile(options.join, onFailure);
  } catch (error) {
    warn("no log file can be made; lines go to stderr only", { directory: options.directory, error: reason(error) });
    return undefined;
  }
}

/** First line of a log file. It also says that DataPy wrote the file, on which retention relies. */
function header(startedAt: Date): Fields {
  return {
    [HEADER_KEY]: productVersion(),
    started_at: startedAt.toISOString(),
    host: hostname(),
    pid: process.pid,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

function loadSink(outputs: LogOutputs): RecordSink {
  // A call of require and not an import: winston is loaded by the first line that is logged, in the call that logs it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
  const pipeline = require("./winston-pipeline.js") as typeof import("./winston-pipeline.js");
  return pipeline.createWinstonSink(outputs);
}

async function close(
  file: LogFile | undefined,
  options: SessionLogOptions,
  warn: (message: string, fields: Fields) => void,
): Promise<void> {
  if (file !== undefined) {
    if (file.lost > 0) warn("lines are missing in the log file", { lines: file.lost, file: file.path });
    file.close();
    if (options.retentionDays !== undefined && options.join === undefined) {
      try {
        await deleteExpiredLogs(path.dirname(file.path), options.retentionDays, new Date(), file.path);
      } catch (error) {
        warn("log files past their retention could not be deleted", { error: reason(error) });
      }
    }
  }
  await stderrTerminal().drain();
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
