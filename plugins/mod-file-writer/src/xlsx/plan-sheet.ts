import { ident, join, raw, sql } from "@datapy/mod-kit";
import type { Column, DataContext, Sql } from "@datapy/mod-kit";
import { isFloat, isNested, isoTimestamp } from "../column-texts.js";
import type { WriterParameters } from "../parameters.js";
import { writerError } from "../writer-error.js";

/** Rows and columns of a sheet, and characters of a cell. Source: Microsoft, Excel specifications and limits. */
const LIMITS = { rows: 1_048_576, columns: 16_384, characters: 32_767 } as const;

/** A column of the sheet: what its cells are, and the query's expression for their text. */
export interface SheetColumn {
  readonly name: string;
  readonly kind: "number" | "boolean" | "date" | "timestamp" | "time" | "text";
  readonly value: Sql;
}

const INTEGER = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

/**
 * Decides, for whole columns, what goes into the sheet as number, date or text: a number that Excel would show with other digits (it keeps 15),
 * and a time that it does not have (before March 1900, below a millisecond), go in as text. Throws `FILE_WRITER_TOO_LARGE` (20).
 */
export async function planSheet(
  data: DataContext,
  source: Sql,
  columns: readonly Column[],
  params: WriterParameters,
  rows: number,
): Promise<SheetColumn[]> {
  const lines = rows + (params.header ? 1 : 0);
  if (lines > LIMITS.rows || columns.length > LIMITS.columns) {
    throw writerError(
      "FILE_WRITER_TOO_LARGE",
      `the table has ${String(lines)} lines and ${String(columns.length)} columns, and a sheet holds ${String(LIMITS.rows)} and ${String(LIMITS.columns)}`,
      "Write CSV or Parquet, or fewer rows (sql-transform).",
    );
  }
  const unfit = columns.map(
    (column, index) => sql`coalesce(bool_or(${unfitting(column)}), false) as ${ident(`u${String(index)}`)}`,
  );
  const lengths = columns.map((column, index) => {
    const isLong = ["VARCHAR", "JSON", "BLOB"].includes(column.type) || isNested(column.type);
    const longest = isLong ? sql`coalesce(max(length(${textOf(column)})), 0)` : raw("0");
    return sql`${longest} as ${ident(`l${String(index)}`)}`;
  });
  const [row = {}] = await data.query(sql`select ${join([...unfit, ...lengths])} from ${source}`);
  columns.forEach((column, index) => {
    const length = Number(row[`l${String(index)}`]);
    if (length > LIMITS.characters) {
      throw writerError(
        "FILE_WRITER_TOO_LARGE",
        `the column ${JSON.stringify(column.name)} has a text of ${String(length)} characters, and a cell holds ${String(LIMITS.characters)}`,
        "Write CSV or Parquet, or leave the column out (`columns`).",
      );
    }
  });
  return columns.map((column, index) =>
    row[`u${String(index)}`] === true ? asText(column) : sheetColumn(column, params),
  );
}

/** True for a value that the sheet cannot hold as what it is. */
function unfitting({ name, type }: Column): Sql {
  const x = ident(name);
  if (INTEGER.test(type)) return sql`${x} not between -999999999999999 and 999999999999999`;
  if (type.startsWith("DECIMAL"))
    return sql`length(ltrim(regexp_replace(cast(${x} as varchar), '[-.]', '', 'g'), '0')) > 15`;
  if (type === "DATE") return sql`${x} not between date '1900-03-01' and date '9999-12-31'`;
  if (type === "TIMESTAMP")
    return sql`(${x} not between timestamp '1900-03-01' and timestamp '9999-12-31 23:59:59.999' or epoch_us(${x}) % 1000 <> 0)`;
  return type === "TIME" ? sql`epoch_us(${x}) % 1000 <> 0` : sql`false`;
}

function sheetColumn(column: Column, params: WriterParameters): SheetColumn {
  const { name, type } = column;
  const x = ident(name);
  if (INTEGER.test(type) || type.startsWith("DECIMAL"))
    return { name, kind: "number", value: sql`cast(${x} as varchar)` };
  if (isFloat(type)) {
    const text = sql`cast(${x} as varchar)`;
    // What is no finite number is told from its text.
    const value = params.non_finite === "text" ? text : sql`case when isfinite(${x}) then ${text} end`;
    return { name, kind: "number", value };
  }
  switch (type) {
    case "BOOLEAN":
      return { name, kind: "boolean", value: sql`cast(cast(${x} as integer) as varchar)` };
    // Days since the day before 1900, as Excel counts from March 1900 on; 25569 is the first of January 1970.
    case "DATE":
      return { name, kind: "date", value: sql`cast(${x} - date '1899-12-30' as varchar)` };
    case "TIMESTAMP":
      return { name, kind: "timestamp", value: sql`cast(epoch_ms(${x}) / 86400000 + 25569 as varchar)` };
    case "TIME":
      return { name, kind: "time", value: sql`cast(epoch_us(${x}) / 86400000000 as varchar)` };
    default:
      return asText(column);
  }
}

function asText(column: Column): SheetColumn {
  return { name: column.name, kind: "text", value: textOf(column) };
}

function textOf({ name, type }: Column): Sql {
  const x = ident(name);
  if (isNested(type)) return sql`cast(to_json(${x}) as varchar)`;
  if (type === "BLOB") return sql`to_base64(${x})`;
  return type.startsWith("TIMESTAMP") ? isoTimestamp(x) : sql`cast(${x} as varchar)`;
}
