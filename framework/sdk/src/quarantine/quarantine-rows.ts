import { existsSync } from "node:fs";
import path from "node:path";
import type { Column } from "@datapy/mod-kit";
import type { TableReader } from "../artifacts/table-file.js";
import { escapeGlob, quoteIdentifier, quoteText } from "../data/duckdb-dialect.js";
import { errorText, firstLine } from "../data/duckdb-error.js";
import { fault } from "../errors.js";

/** Column that numbers the rows of a quarantine, from 1: by it a corrected row is told from the others. */
export const ROW_NUMBER = "replay_row";

/** Columns in which mods say why a row was set aside, best first. */
const REASONS = ["quarantine_reason", "quarantine_rules", "reason", "rules", "error"];

/** A reason, and how many rows were set aside for it. */
export interface QuarantineReason {
  readonly reason: string;
  readonly rows: number;
}

/** SQL of the rows of a quarantine, numbered. */
export async function numberedRows(reader: TableReader, file: string): Promise<string> {
  const source = await reader.table(file);
  return `SELECT row_number() OVER () AS ${quoteIdentifier(ROW_NUMBER)}, * FROM ${source}`;
}

/** Why rows were set aside, commonest first; empty where the table does not say. */
export async function quarantineReasons(reader: TableReader, file: string): Promise<QuarantineReason[]> {
  const source = await reader.table(file);
  const columns = await reader.describe(`SELECT * FROM ${source}`);
  const column = REASONS.map((name) => columns.find((one) => one.name === name)).find((one) => one !== undefined);
  if (column === undefined) return [];
  const name = quoteIdentifier(column.name);
  // A row may break several rules.
  const value = column.type.endsWith("[]") ? `unnest(${name})` : name;
  const rows = await reader.rows(
    `SELECT CAST(reason AS VARCHAR) AS reason, count(*) AS n FROM (SELECT ${value} AS reason FROM ${source}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100`,
  );
  return rows.map(({ reason, n }) => ({ reason: typeof reason === "string" ? reason : "", rows: Number(n) }));
}

/** Corrected rows, as a table. */
export interface CorrectedRows {
  /** SQL of them, in the columns and types of the quarantine, with {@link ROW_NUMBER}. */
  readonly query: string;
  readonly numbers: readonly number[];
}

/**
 * Reads corrected rows: of a CSV or Parquet file that was made from the quarantine's own rows, or those rows as they are. Each names the row
 * that it corrects; a row that was left out stays as it is.
 *
 * @throws DatapyError `DATAPY_QUARANTINE_ROWS`, `DATAPY_TABLE_UNREADABLE`
 */
export async function correctedRows(
  reader: TableReader,
  quarantine: string,
  file: string | undefined,
): Promise<CorrectedRows> {
  const numbered = await numberedRows(reader, quarantine);
  const columns = await reader.describe(numbered);
  if (file === undefined) return { query: numbered, numbers: await numbersOf(reader, numbered) };
  const wrong = (detail: string): Error => fault("DATAPY_QUARANTINE_ROWS", { file, detail });
  const source = await given(reader, file);
  const known = await reader.describe(`SELECT * FROM ${source}`);
  const missing = columns.filter(({ name }) => !known.some((one) => one.name === name)).map(({ name }) => name);
  if (missing.length > 0) throw wrong(`it lacks the columns ${missing.join(", ")}`);
  const row = quoteIdentifier(ROW_NUMBER);
  for (const { name, type } of columns) {
    const quoted = quoteIdentifier(name);
    const [bad] = await reader.rows(
      `SELECT CAST(${row} AS VARCHAR) AS row, CAST(${quoted} AS VARCHAR) AS value FROM ${source}
       WHERE ${quoted} IS NOT NULL AND TRY_CAST(${quoted} AS ${type}) IS NULL LIMIT 1`,
    );
    if (bad !== undefined)
      throw wrong(`row ${String(bad["row"])}, column ${name}: ${JSON.stringify(bad["value"])} is no ${type}`);
  }
  const casts = columns.map(
    ({ name, type }) => `CAST(${quoteIdentifier(name)} AS ${type}) AS ${quoteIdentifier(name)}`,
  );
  const query = `SELECT ${casts.join(", ")} FROM ${source}`;
  const [odd] = await reader.rows(
    `SELECT ${row} AS row, count(*) AS n FROM (${query}) GROUP BY 1
     HAVING count(*) > 1 OR ${row} IS NULL OR ${row} NOT IN (SELECT ${row} FROM (${numbered})) ORDER BY 1 LIMIT 1`,
  );
  if (odd !== undefined) {
    const number = odd["row"] === null ? "a row without a number" : `row ${String(Number(odd["row"]))}`;
    throw wrong(
      Number(odd["n"]) > 1
        ? `${number} stands in it ${String(odd["n"])} times`
        : `${number} is not one of the quarantine`,
    );
  }
  return { query, numbers: await numbersOf(reader, query) };
}

async function numbersOf(reader: TableReader, query: string): Promise<number[]> {
  const row = quoteIdentifier(ROW_NUMBER);
  return (await reader.rows(`SELECT ${row} AS row FROM (${query}) ORDER BY 1`)).map((one) => Number(one["row"]));
}

/** CSV as `datapy quarantine show --csv` writes it: everything is text, an empty field is NULL, a quoted one an empty text. */
async function given(reader: TableReader, file: string): Promise<string> {
  if (!/\.csv$/i.test(file)) return reader.table(file);
  if (!existsSync(file)) throw fault("DATAPY_QUARANTINE_ROWS", { file, detail: "there is no such file" });
  const source = `read_csv(${quoteText(escapeGlob(path.resolve(file)))}, header = true, delim = ',', quote = '"', escape = '"', all_varchar = true, nullstr = '', allow_quoted_nulls = false, sample_size = -1)`;
  try {
    await reader.describe(`SELECT * FROM ${source}`);
    await reader.rows(`SELECT count(*) FROM ${source}`);
  } catch (error) {
    const detail = `it cannot be read as CSV (${firstLine(errorText(error))})`;
    throw fault("DATAPY_QUARANTINE_ROWS", { file, detail }, { cause: error });
  }
  return source;
}

/** SQL of corrected rows as a mod's input: the columns of the input, and of nothing that the mod added. */
export function asInput(query: string, columns: readonly Column[]): string {
  const casts = columns.map(
    ({ name, type }) => `CAST(${quoteIdentifier(name)} AS ${type}) AS ${quoteIdentifier(name)}`,
  );
  return `SELECT ${casts.join(", ")} FROM (${query}) ORDER BY ${quoteIdentifier(ROW_NUMBER)}`;
}
