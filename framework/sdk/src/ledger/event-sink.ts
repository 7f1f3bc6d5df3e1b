import path from "node:path";
import { appendFile, INDEX_NAME, ledgerFolder, LINEAGE_INDEX_NAME } from "./ledger-files.js";
import type { AppendFile } from "./ledger-files.js";
import type { LedgerOptions } from "./ledger-types.js";
import { createOpenLineageClient } from "./openlineage-client.js";
import type { RunEvent } from "./openlineage-types.js";
import { toJson } from "./run-events.js";

const DELIVERY_LIMIT_MS = 3_000;

/** Where the events of a session go: its file, the day's summary, and an OpenLineage server where one is named. */
export interface EventSink {
  /** The session's file. */
  readonly file: string;
  event(event: RunEvent): void;
  /** Adds a line to the day's summary. */
  summary(line: object): void;
  /** Adds a line to what the day says of data that was read and written. */
  lineage(line: object): void;
  /** Runs `action`; what goes wrong in it is told once, and fails nothing. */
  guard(action: () => void): void;
  /** Closes the files and waits for events that are still to be delivered, three seconds at most. */
  close(): Promise<void>;
}

/** Opens the sink of a session. Makes no file before the first event. */
export function openEventSink(options: LedgerOptions): EventSink {
  const folder = ledgerFolder(options.workPath, options.startedAt);
  const file = path.join(folder, `${options.sessionId}.ndjson`);
  const events = appendFile(file);
  const index = appendFile(path.join(folder, INDEX_NAME));
  const lineage = appendFile(path.join(folder, LINEAGE_INDEX_NAME));
  const warned = new Set<string>();
  const warn = (message: string, fields: Readonly<Record<string, unknown>>): void => {
    if (warned.has(message)) return;
    warned.add(message);
    options.warn?.(message, fields);
  };
  const client = createOpenLineageClient(options.env ?? process.env, warn);

  const guard = (action: () => void, message = "an event of the run ledger could not be made"): void => {
    try {
      action();
    } catch (error) {
      warn(message, { error: error instanceof Error ? error.message : String(error) });
    }
  };
  const append = (target: AppendFile, line: string): void => {
    guard(() => {
      target.append(line);
    }, `the run ledger cannot be written`);
  };

  return {
    file,
    event(event) {
      const line = toJson(event);
      append(events, line);
      client?.post(line);
    },
    summary: (line) => {
      append(index, toJson(line));
    },
    lineage: (line) => {
      append(lineage, toJson(line));
    },
    guard,
    async close() {
      guard(() => {
        events.close();
      });
      guard(() => {
        index.close();
      });
      guard(() => {
        lineage.close();
      });
      await client?.drain(DELIVERY_LIMIT_MS);
    },
  };
}
