import winston from "winston";
import Transport from "winston-transport";
import type { LogRecord } from "./log-line.js";

/** Where the lines of a session go: the log file, then stderr. */
export interface LogOutputs {
  toFile(record: LogRecord): void;
  toTerminal(record: LogRecord): void;
}

/** Takes a line; when it returns, the line is written. */
export type RecordSink = (record: LogRecord) => void;

/** Entry of winston's stream that carries our record. */
interface CarriedEntry extends winston.LogEntry {
  readonly record: LogRecord;
}

/** A winston transport that hands each line on at once, so that a line logged is a line written. */
function synchronousTransport(sink: RecordSink): Transport {
  return new Transport({
    log(entry: CarriedEntry, next) {
      sink(entry.record);
      next();
    },
  });
}

/**
 * The winston logger of a session. This module is imported when the first line is logged and not before: winston takes 35 ms to
 * load.
 */
export function createWinstonSink(outputs: LogOutputs): RecordSink {
  const logger = winston.createLogger({
    level: "debug",
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: winston.format((entry) => entry)(),
    transports: [
      synchronousTransport((record) => {
        outputs.toFile(record);
      }),

      synchronousTransport((record) => {
        outputs.toTerminal(record);
      }),
    ],
    exitOnError: false,
  });
  // Brings the stream into the state in which a line passes during the call that logs it, also the very first one: without this,
  // Node holds lines back until the event loop turns, and a process that blocks or is killed loses them.
  logger.read(0);
  return (record) => {
    const entry: CarriedEntry = { level: record.level, message: record.message, record };
    logger.log(entry);
  };
}
