import type { Column, RowBatch, SqlValue } from "@datapy/mod-kit";
import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { fault } from "../errors.js";
import { isWellFormed, quoteIdentifier } from "./duckdb-dialect.js";
import type { DataConnection, DuckDB } from "./duckdb-engine.js";

/** A table that batches are collected in; DuckDB spills it to disk past its memory limit. */
export interface StagingTable {
  append(batch: RowBatch): Promise<void>;
  /** Writes out what is still held back. */
  finish(): Promise<void>;
  /** Gives the rows in the order in which they came, in the declared types. */
  readonly query: string;
  drop(): Promise<void>;
}

/** How values of a column travel: the type of the staging column, the value's form there, and the cast to the declared type. */
interface Transport {
  readonly type: DuckDBType;
  write(value: Exclude<SqlValue, null>): DuckDBValue | undefined;
  cast(column: string, declared: string): string;
}

/** Rows that one chunk of DuckDB holds. */
const CHUNK_ROWS = 2_048;

let tables = 0;

/** Makes the staging table of a {@link Column} list. Fails on a type that DuckDB does not know. */
export async function createStagingTable(
  { duckdb, connection }: DataConnection,
  columns: readonly Column[],
): Promise<StagingTable> {
  if (columns.length === 0) throw fault("DATAPY_DATA_BAD_BATCH", { detail: "a table needs a column" });
  const name = `datapy_staging_${String(++tables)}`;
  // Also says in one statement which declared type is unknown, or whether two columns share a name.
  const typed = await connection.runAndReadAll(
    `DESCRIBE SELECT ${columns.map(({ name: column, type }) => `NULL::${type} AS ${quoteIdentifier(column)}`).join(", ")}`,
  );
  const declared = typed.getRows().map((row) => String(row[1]));
  const transports = declared.map((type) => transport(duckdb, type));
  const places = columns.map((_, index) => `c${String(index)}`);
  await connection.run(
    `CREATE TEMP TABLE ${name} (${places.map((place, index) => `${place} ${String(transports[index]?.type)}`).join(", ")})`,
  );
  const appender = await connection.createAppender(name, "main", "temp");
  // One for all batches: each would hold memory outside of JavaScript's heap until the garbage collector comes by.
  const chunk = duckdb.DuckDBDataChunk.create(transports.map((one) => one.type));
  let total = 0;

  function check(batch: RowBatch): void {
    if (batch.names.length !== columns.length || batch.names.some((column, index) => column !== columns[index]?.name)) {
      throw fault("DATAPY_DATA_BAD_BATCH", {
        detail: `columns ${batch.names.join(", ")} instead of ${columns.map((one) => one.name).join(", ")}`,
      });
    }
    if (batch.columns.length !== columns.length)
      throw fault("DATAPY_DATA_BAD_BATCH", {
        detail: `${String(batch.columns.length)} lists of values for ${String(columns.length)} columns`,
      });
    const odd = batch.columns.findIndex((values) => values.length !== batch.rows);
    if (odd >= 0) {
      throw fault("DATAPY_DATA_BAD_BATCH", {
        detail: `column ${batch.names[odd] ?? ""} has ${String(batch.columns[odd]?.length)} values for ${String(batch.rows)} rows`,
      });
    }
  }

  return {
    query: `SELECT ${places
      .map(
        (place, index) =>
          `${transports[index]?.cast(place, declared[index] ?? "VARCHAR") ?? place} AS ${quoteIdentifier(columns[index]?.name ?? place)}`,
      )
      .join(", ")} FROM temp.main.${name}`,
    append(batch) {
      check(batch);
      for (let start = 0; start < batch.rows; start += CHUNK_ROWS) {
        const count = Math.min(CHUNK_ROWS, batch.rows - start);
        chunk.reset();
        chunk.rowCount = count;
        transports.forEach((column, index) => {
          const values = (batch.columns[index] ?? []).slice(start, start + count);
          chunk.setColumnValues(
            index,
            values.map((value: SqlValue | undefined, row) => {
              // Authors of JavaScript also leave holes.
              if (value === null || value === undefined) return null;
              const written = column.write(value);
              if (written !== undefined) return written;
              throw fault("DATAPY_DATA_BAD_VALUE", {
                row: total + start + row + 1,
                column: batch.names[index] ?? "",
                type: declared[index] ?? "",
                value: shown(value),
              });
            }),
          );
        });
        appender.appendDataChunk(chunk);
      }
      total += batch.rows;
      return Promise.resolve();
    },
    finish() {
      appender.closeSync();
      return Promise.resolve();
    },
    async drop() {
      await connection.run(`DROP TABLE IF EXISTS temp.main.${name}`);
    },
  };
}

function transport(duckdb: DuckDB, type: string): Transport {
  const asItIs = (column: string): string => column;
  const casting = (column: string, declared: string): string => `CAST(${column} AS ${declared})`;
  if (/^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)$/.test(type)) {
    // One type for all: a value past the declared range fails in the cast instead of wrapping round.
    return { type: duckdb.HUGEINT, write: wholeNumber, cast: casting };
  }
  switch (type) {
    case "BOOLEAN":
      return { type: duckdb.BOOLEAN, write: (value) => (typeof value === "boolean" ? value : undefined), cast: asItIs };
    case "DOUBLE":
      return { type: duckdb.DOUBLE, write: (value) => (typeof value === "number" ? value : undefined), cast: asItIs };
    case "VARCHAR":
      return { type: duckdb.VARCHAR, write: plainText, cast: asItIs };
    case "BLOB":
      return {
        type: duckdb.BLOB,
        write: (value) => (value instanceof Uint8Array ? new duckdb.DuckDBBlobValue(value) : undefined),
        cast: asItIs,
      };
    default:
      break;
  }
  if (/[[\]()]/.test(type) && !/^(?:DECIMAL|ENUM)\(/.test(type)) {
    return {
      type: duckdb.VARCHAR,
      write: jsonText,
      cast: (column, declared) => `CAST(CAST(${column} AS JSON) AS ${declared})`,
    };
  }
  return { type: duckdb.VARCHAR, write: plainText, cast: casting };
}

function wholeNumber(value: SqlValue): bigint | undefined {
  if (typeof value === "bigint") return value >= -(2n ** 127n) && value < 2n ** 127n ? value : undefined;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === "string" && /^[+-]?\d{1,38}$/.test(value) ? BigInt(value) : undefined;
}

function plainText(value: SqlValue): string | undefined {
  if (typeof value === "string") return isWellFormed(value) ? value : undefined;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

/** JSON, in which big whole numbers stand as they are. */
function jsonText(value: SqlValue): string | undefined {
  if (value instanceof Uint8Array) return undefined;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) {
    const items = (value as readonly SqlValue[]).map(jsonText);
    return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => [JSON.stringify(key), jsonText(field)] as const);
    return fields.some(([, text]) => text === undefined)
      ? undefined
      : `{${fields.map(([key, text]) => `${key}:${String(text)}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) return undefined;
  return JSON.stringify(value);
}

function shown(value: SqlValue): string {
  const text = typeof value === "string" ? value : (jsonText(value) ?? kindOf(value));
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** What JSON cannot show. */
function kindOf(value: SqlValue): string {
  if (value instanceof Uint8Array) return `${String(value.length)} bytes`;
  return typeof value === "number" ? String(value) : "a value that holds bytes, NaN or an infinity";
}
