import { openText } from "../input/open-text.js";
import { textLines, withoutEnds } from "../input/text-lines.js";
import type { ReaderParameters } from "../parameters.js";
import { readerError } from "../reader-error.js";
import type { TransportFile } from "../transport/transport-file.js";
import { readable, RecordAdder } from "./add-record.js";
import { JsonFault } from "./json-parser.js";
import { DocumentFault, recordKeys, RecordSplitter } from "./record-splitter.js";

/** What the readers of text are given. */
export interface TextReading {
  readonly files: readonly string[];
  readonly params: ReaderParameters;
  readonly transport: TransportFile;
  readonly signal: AbortSignal;
  readonly progress: (rows: number) => void;
}

/** Reads files with one JSON value a line. A line that is none is a bad row. */
export async function readNdjson(reading: TextReading): Promise<void> {
  const { files, params, transport, signal } = reading;
  const adder = new RecordAdder(transport, {
    flatten: params.nested === "flatten",
    separator: params.flatten_separator,
  });
  for (const [file, name] of files.entries()) {
    const text = textLines(openText(name, params, signal), { file: name, longest: params.max_record_bytes });
    for await (const { bytes, line, offset } of withoutEnds(text, params.skip_rows, params.skip_footer)) {
      if (isBlank(bytes)) continue;
      try {
        adder.add({ file, line, offset }, bytes);
      } catch (error) {
        if (!(error instanceof JsonFault)) throw error;
        const reason = `${error.message} (byte ${String(error.at + 1)} of the line)`;
        transport.addBad({ file, line, offset, column: undefined, reason, raw: readable(bytes) });
      }
      if (transport.rows % 10_000 === 0) reading.progress(transport.rows);
    }
  }
}

/** Reads JSON documents. One that is damaged fails the run: behind the fault nothing is sure. */
export async function readJson(reading: TextReading): Promise<void> {
  const { files, params, transport, signal } = reading;
  const keys = recordKeys(params.records_path ?? "");
  if (keys === undefined) {
    throw readerError(
      "FILE_READER_FORMAT",
      `${JSON.stringify(params.records_path)} is no path of keys`,
      'Write it as data.items, and odd keys as data["my items"].',
    );
  }
  const adder = new RecordAdder(transport, {
    flatten: params.nested === "flatten",
    separator: params.flatten_separator,
  });
  for (const [file, name] of files.entries()) {
    const splitter = new RecordSplitter(keys, params.max_record_bytes);
    const take = (records: Iterable<{ bytes: Buffer; line: number; offset: number }>): void => {
      for (const { bytes, line, offset } of records) {
        try {
          adder.add({ file, line, offset }, bytes);
        } catch (error) {
          if (!(error instanceof JsonFault)) throw error;
          const before = bytes.subarray(0, error.at);
          const lines = before.toString("latin1").split("\n").length - 1;
          throw new DocumentFault(error.message, line + lines, offset + error.at);
        }
      }
      reading.progress(transport.rows);
    };
    try {
      for await (const piece of openText(name, params, signal)) take(splitter.push(piece));
      take(splitter.end());
    } catch (error) {
      if (!(error instanceof DocumentFault)) throw error;
      throw readerError(
        "FILE_READER_DAMAGED",
        `${name}: line ${String(error.line)} (byte offset ${String(error.offset)}): ${error.message}`,
        "Mend the file where it comes from; with one value a line (NDJSON) damaged lines can be set aside.",
        error,
      );
    }
    if (!splitter.found) {
      throw readerError(
        "FILE_READER_COLUMNS",
        `${name} has nothing at ${params.records_path ?? "its top"}`,
        `The object at the top has the keys ${splitter.topKeys.join(", ") || "(none)"}.`,
      );
    }
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
