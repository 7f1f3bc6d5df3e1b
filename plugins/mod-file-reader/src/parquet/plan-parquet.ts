import { ident, isDatapyError, join, literal, raw, sql, table } from "@datapy/mod-kit";
import type { Column, Sql } from "@datapy/mod-kit";
import type { ReaderParameters } from "../parameters.js";
import type { ReaderContext } from "../reader-context.js";
import { readerError } from "../reader-error.js";
import { assertNames, fileColumns, plannedColumn, wantedTypes } from "../transport/load-table.js";
import type { LoadPlan } from "../transport/load-table.js";

/** Column that tells the file of a row, by its place in the list. No column of a table has such a name. */
const FILE = "file of the row\u0001";
const LINE = "line of the row\u0001";

/** Plans the load of Parquet files, whose types are taken as they are. */
export async function planParquet(
  params: ReaderParameters,
  ctx: ReaderContext,
  files: readonly string[],
): Promise<LoadPlan> {
  const wanted = wantedTypes(params);
  const described: (readonly Column[])[] = [];
  let rowsRead = 0;
  for (const file of files) {
    try {
      described.push(await ctx.data.describe(sql`select * from ${table(file)}`));
      const [row] = await ctx.data.query(sql`select count(*) as n from ${table(file)}`);
      rowsRead += Number(row?.["n"]);
    } catch (error) {
      const isDamaged =
        isDatapyError(error) && ["DATAPY_DATA_QUERY_FAILED", "DATAPY_TABLE_UNREADABLE"].includes(error.code);
      if (ctx.signal.aborted || !isDamaged) throw error;
      const reason = error.code === "DATAPY_TABLE_UNREADABLE" ? "" : `: ${error.message}`;
      throw readerError(
        "FILE_READER_DAMAGED",
        `${file} is no whole Parquet file${reason}`,
        "Fetch or write it again.",
        error,
      );
    }
  }
  const columns = unifiedColumns(params, files, described);
  const missing = [...wanted.keys()].filter((name) => !columns.some((column) => column.name === name));
  if (missing.length > 0) {
    throw readerError(
      "FILE_READER_COLUMNS",
      `columns: there is no column ${missing.map((name) => JSON.stringify(name)).join(", ")}`,
      `The columns are ${columns.map((column) => JSON.stringify(column.name)).join(", ")}.`,
    );
  }
  const select = (file: string, index: number, numbered: boolean): Sql => {
    const own = new Set((described[index] ?? []).map((column) => column.name));
    const values = columns.map(({ name, type }) =>
      own.has(name) ? ident(name) : sql`cast(null as ${raw(type)}) as ${ident(name)}`,
    );
    const line = numbered ? sql`, row_number() over () as ${ident(LINE)}` : sql``;
    return sql`select ${join(values)}, ${literal(index)} as ${ident(FILE)}${line} from ${table(file)}`;
  };
  const all = (numbered: boolean): Sql =>
    sql`(${join(
      files.map((file, index) => select(file, index, numbered)),
      " union all ",
    )})`;
  const place = (texts: readonly (string | null)[]): Sql => sql`${literal([...texts])}[${ident(FILE)} + 1]`;
  const rowText = sql`cast(to_json({${join(columns.map(({ name }) => sql`${literal(name)}: ${ident(name)}`))}}) as varchar)`;
  return {
    files,
    rows: all(false),
    values: columns.map((column) => plannedColumn(column, wanted.get(column.name))),
    extra: fileColumns(params, files, place),
    rowsRead,
    badBefore: 0,
    examples: [],
    badRows: undefined,
    badOf: (condition, column, reason) =>
      sql`select ${place(files)} as source_file, ${ident(LINE)} as line, cast(null as bigint) as byte_offset, ${column} as "column", ${reason} as reason, ${rowText} as raw
        from ${all(true)} where ${condition}`,
  };
}

/** Columns of all files. Throws `FILE_READER_COLUMNS` (20) where they do not fit together. */
function unifiedColumns(
  params: ReaderParameters,
  files: readonly string[],
  described: readonly (readonly Column[])[],
): Column[] {
  const [first = [], ...others] = described;
  const columns = [...first];
  const refuse = (index: number, detail: string, hint: string): never => {
    throw readerError("FILE_READER_COLUMNS", `${files[index] ?? ""} ${detail}, unlike ${files[0] ?? ""}`, hint);
  };
  others.forEach((own, at) => {
    for (const column of own) {
      const known = columns.find((one) => one.name === column.name);
      if (known === undefined) {
        if (params.union === "refuse")
          refuse(
            at + 1,
            `has a column ${JSON.stringify(column.name)}`,
            "Set `union: by_name`, NULL where a file lacks a column.",
          );
        columns.push(column);
      } else if (known.type !== column.type) {
        const types = `${column.type} and not ${known.type}`;
        refuse(
          at + 1,
          `has ${types} in the column ${JSON.stringify(column.name)}`,
          "Read the files one by one and cast the column (data-cleaner), or write them again with one type.",
        );
      }
    }
    const missing = first.find((column) => !own.some((one) => one.name === column.name));
    if (missing !== undefined && params.union === "refuse")
      refuse(
        at + 1,
        `has no column ${JSON.stringify(missing.name)}`,
        "Set `union: by_name`, NULL where a file lacks a column.",
      );
  });
  assertNames(columns.map((column) => column.name));
  return columns;
}
