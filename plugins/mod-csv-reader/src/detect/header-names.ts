import type { SampleRecord } from "./dialect.js";

/** Names of the columns, and what was wrong with the header. */
export interface HeaderNames {
  readonly names: readonly string[];
  /** What had to be repaired; empty when the header is sound. */
  readonly faults: readonly string[];
  /** What was done about it. */
  readonly repairs: readonly string[];
}

function utf8(bytes: string): { text: string; valid: boolean } {
  const buffer = Buffer.from(bytes, "latin1");
  const text = buffer.toString("utf8");
  return { text, valid: Buffer.from(text, "utf8").equals(buffer) };
}

/** `column_1`, `column_2`, …: names of columns that have none. */
export function numberedNames(width: number): string[] {
  return Array.from({ length: width }, (_, index) => `column_${index + 1}`);
}

/**
 * Names from the records of a header. Several records are joined with a blank, column by column. A name that is missing becomes
 * `column_<n>`; one that is there already gets `_2`, `_3`, … (compared without case, as DuckDB does). A header whose number of names
 * is not the number of columns cannot be matched to them: every column is then `column_<n>`.
 */
export function headerNames(records: readonly SampleRecord[], width: number): HeaderNames {
  const faults: string[] = [];
  const repairs: string[] = [];
  for (const record of records) {
    const where = records.length > 1 ? `header line ${record.line + 1}` : "the header";
    if (record.broken) faults.push(`${where} has broken quoting`);
    else if (record.fields.length !== width)
      faults.push(`${where} has ${record.fields.length} names for ${width} columns`);
    else if (record.fields.some((field) => !utf8(field).valid)) faults.push(`${where} is not valid UTF-8`);
    else if (record.fields.some((field) => field.includes("\0"))) faults.push(`${where} holds a NUL byte`);
  }
  if (faults.length > 0) {
    repairs.push(
      `all ${width} columns were named column_1 to column_${width}, since the names cannot be matched to columns`,
    );
    return { names: numberedNames(width), faults, repairs };
  }
  const raw = Array.from({ length: width }, (_, column) =>
    records
      .map((record) => utf8(record.fields[column] ?? "").text)
      .filter((part) => part !== "")
      .join(" "),
  );
  const taken = new Set(raw.map((name) => name.toLowerCase()));
  const seen = new Set<string>();
  const names = raw.map((name, column) => {
    let wanted = name;
    if (name.trim() === "") {
      wanted = free(`column_${column + 1}`, taken);
      faults.push(`column ${column + 1} has no name`);
      repairs.push(`column ${column + 1} was named ${JSON.stringify(wanted)}`);
    } else if (seen.has(name.toLowerCase())) {
      wanted = free(name, taken);
      faults.push(`column ${column + 1} is named ${JSON.stringify(name)}, like a column before it`);
      repairs.push(`column ${column + 1} was named ${JSON.stringify(wanted)}`);
    }
    seen.add(wanted.toLowerCase());
    taken.add(wanted.toLowerCase());
    return wanted;
  });
  return { names, faults, repairs };
}

function free(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name.toLowerCase())) return name;
  for (let i = 2; ; i++) if (!taken.has(`${name}_${i}`.toLowerCase())) return `${name}_${i}`;
}
