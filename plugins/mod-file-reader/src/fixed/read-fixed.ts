import { isUtf8 } from "node:buffer";
import { openText } from "../input/open-text.js";
import { textLines, withoutEnds } from "../input/text-lines.js";
import type { ReaderParameters } from "../parameters.js";
import { readable } from "../json/add-record.js";
import type { TextReading } from "../json/read-json.js";
import { readerError } from "../reader-error.js";
import { escapeBytes } from "../transport/transport-file.js";

type Field = NonNullable<ReaderParameters["fields"]>[number];

/** A field with its place: characters `start` to `end`, counted from 0. */
interface PlacedField {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly trim: NonNullable<Field["trim"]>;
}

/** Places of the fields. Throws `FILE_READER_COLUMNS` (20) for fields that overlap or share a name. */
export function placeFields(fields: readonly Field[]): PlacedField[] {
  const faults: string[] = [];
  let next = 0;
  const placed = fields.map(({ name, start, width, trim }): PlacedField => {
    const from = start === undefined ? next : start - 1;
    next = from + width;
    return { name, start: from, end: next, trim: trim ?? "both" };
  });
  placed.forEach((field, index) => {
    const other = placed.slice(0, index).find((one) => one.name.toLowerCase() === field.name.toLowerCase());
    if (other !== undefined) faults.push(`two fields are called ${JSON.stringify(field.name)}`);
    const over = placed.slice(0, index).find((one) => one.start < field.end && field.start < one.end);
    if (over !== undefined)
      faults.push(`the fields ${JSON.stringify(over.name)} and ${JSON.stringify(field.name)} overlap`);
  });
  if (faults.length > 0)
    throw readerError("FILE_READER_COLUMNS", faults.join("; "), "Check `start` and `width` of the fields.");
  return placed;
}

/** Reads files whose columns stand at fixed places of a line. A line that is too short or too long is a bad row. */
export async function readFixed(reading: TextReading): Promise<void> {
  const { files, params, transport, signal } = reading;
  const fields = placeFields(params.fields ?? []);
  const width = Math.max(...fields.map((field) => field.end));
  const nulls = new Set(params.null_values);
  for (const { name } of fields) transport.place(name);
  for (const [file, name] of files.entries()) {
    const text = textLines(openText(name, params, signal), { file: name, longest: params.max_record_bytes });
    for await (const { bytes, line, offset } of withoutEnds(text, params.skip_rows, params.skip_footer)) {
      if (bytes.length === 0) continue;
      const bad = (reason: string): void =>
        transport.addBad({ file, line, offset, column: undefined, reason, raw: readable(bytes) });
      if (!isUtf8(bytes)) {
        bad("bytes that are not UTF-8");
        continue;
      }
      const characters = charactersOf(bytes.toString());
      const length = characters.length;
      if (length < width && params.short_lines === "refuse") {
        bad(`${String(length)} characters where ${String(width)} are expected`);
        continue;
      }
      if (length > width && characters.slice(width).trim() !== "") {
        bad(`${String(length)} characters where ${String(width)} are expected`);
        continue;
      }
      const values = fields.map(({ start, end, trim }, place) => {
        const value = trimmed(characters.slice(start, end), trim);
        return nulls.has(value)
          ? undefined
          : transport.value(place, "s", escapeBytes(Buffer.from(value).toString("latin1")));
      });
      transport.add({ file, line, offset }, values, () => bytes.toString("latin1"));
      if (transport.rows % 10_000 === 0) reading.progress(transport.rows);
    }
  }
}

/** A line by its characters. */
interface Characters {
  readonly length: number;
  slice(start: number, end?: number): string;
}

/** Most lines have no characters that take two places of a JavaScript text. */
function charactersOf(text: string): Characters {
  if (!/[\ud800-\udbff]/.test(text)) return text;
  const list = Array.from(text);
  return { length: list.length, slice: (start, end) => list.slice(start, end).join("") };
}

function trimmed(text: string, where: PlacedField["trim"]): string {
  switch (where) {
    case "both":
      return text.trim();
    case "left":
      return text.trimStart();
    case "right":
      return text.trimEnd();
    case "none":
      return text;
  }
}
