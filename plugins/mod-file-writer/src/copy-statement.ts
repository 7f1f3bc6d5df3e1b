import { ident, join, literal, sql } from "@datapy/mod-kit";
import type { Column, Sql } from "@datapy/mod-kit";
import { columnValue, headerName } from "./column-texts.js";
import type { FileFormat } from "./file-format.js";
import type { WriterParameters } from "./parameters.js";

/** A `COPY` of a table into a file or folder. */
export interface CopyRequest {
  readonly source: Sql;
  readonly columns: readonly Column[];
  readonly params: WriterParameters;
  readonly format: FileFormat;
  readonly to: string;
  /** Whether the text is gone over afterwards, so that it is not to be compressed yet. */
  readonly isPlain: boolean;
}

/** Has DuckDB write the table. */
export function copyStatement({ source, columns, params, format, to, isPlain }: CopyRequest): Sql {
  const partitions = params.partition_by ?? [];
  const isPartition = (column: Column): boolean => partitions.includes(column.name);
  const isWritten = (column: Column): boolean => params.write_partition_columns || !isPartition(column);
  const asLines = writesLines(columns, format);
  const values = asLines
    ? [
        sql`${jsonLine(columns.filter(isWritten), params, format)} as json_line`,
        ...columns.filter(isPartition).map(({ name }) => ident(name)),
      ]
    : columns.map((column) =>
        isPartition(column)
          ? ident(column.name)
          : sql`${columnValue(column, params, format)} as ${headerName(column.name, params, format)}`,
      );
  const options = [...(asLines ? LINE_OPTIONS : formatOptions(params, format)), ...compressionOptions(format, isPlain)];
  if (partitions.length > 0) {
    options.push(
      sql`partition_by (${join(partitions.map((name) => ident(name)))})`,
      sql`write_partition_columns ${literal(params.write_partition_columns && !asLines)}`,
      sql`filename_pattern 'data_{i}'`,
      sql`file_extension ${literal(format.extension)}`,
      sql`overwrite_or_ignore true`,
    );
  } else options.push(sql`use_tmp_file false`);
  return sql`copy (select ${join(values)} from ${source}) to ${literal(to)} (${join(options)})`;
}

/**
 * DuckDB's JSON writer reads a column of JSON as numbers and writes them again: `1.50` becomes 1.5, and digits past the seventeenth go. So
 * a table that has one is put together from the texts.
 */
export function writesLines(columns: readonly Column[], format: FileFormat): boolean {
  return (format.kind === "json" || format.kind === "ndjson") && columns.some((column) => column.type === "JSON");
}

/** Without quote, and with a delimiter that JSON always escapes, a line of CSV is the text itself. */
const LINE_OPTIONS: readonly Sql[] = [
  sql`format csv`,
  sql`header false`,
  sql`quote ''`,
  sql`escape ''`,
  sql`delimiter ${literal("\u0001")}`,
];

function jsonLine(columns: readonly Column[], params: WriterParameters, format: FileFormat): Sql {
  const fields = columns.map((column) => {
    const value =
      column.type === "JSON"
        ? // Line ends stand between tokens only.
          sql`translate(cast(${ident(column.name)} as varchar), chr(10) || chr(13), ${literal("  ")})`
        : sql`cast(to_json(${columnValue(column, params, format)}) as varchar)`;
    return sql`${literal(`${JSON.stringify(column.name)}:`)} || coalesce(${value}, 'null')`;
  });
  return sql`${literal("{")} || ${join(fields, " || ',' || ")} || ${literal("}")}`;
}

function formatOptions(params: WriterParameters, format: FileFormat): Sql[] {
  switch (format.kind) {
    case "csv":
      return [
        sql`format csv`,
        sql`header ${literal(params.header)}`,
        sql`delimiter ${literal(format.delimiter)}`,
        sql`quote ${literal(params.quote)}`,
        sql`escape ${literal(params.quote === "" ? "" : (params.escape ?? params.quote))}`,
        sql`nullstr ${literal(params.null_value)}`,
        ...(params.quote_all && params.quote !== "" ? [sql`force_quote *`] : []),
      ];
    case "parquet":
      return [sql`format parquet`];
    default:
      return [sql`format json`, sql`array ${literal(format.kind === "json")}`];
  }
}

function compressionOptions(format: FileFormat, isPlain: boolean): Sql[] {
  if (format.kind === "parquet")
    return [sql`compression ${literal(format.compression === "none" ? "uncompressed" : format.compression)}`];
  return [sql`compression ${literal(isPlain ? "none" : format.compression)}`];
}
