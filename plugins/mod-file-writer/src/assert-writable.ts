import { ident, join, literal, sql } from "@datapy/mod-kit";
import type { Column, DataContext, Sql } from "@datapy/mod-kit";
import { isFloat } from "./column-texts.js";
import type { FileFormat } from "./file-format.js";
import type { WriterParameters } from "./parameters.js";
import { writerError } from "./writer-error.js";

/** Values that a format cannot hold: what is counted, and what is said when there are some. */
interface Obstacle {
  readonly count: Sql;
  readonly refuse: (rows: number) => Error;
}

/** Counts the rows, and throws `FILE_WRITER_VALUE` (20) for values that would not come back from the file as they are. */
export async function assertWritable(
  data: DataContext,
  source: Sql,
  columns: readonly Column[],
  params: WriterParameters,
  format: FileFormat,
): Promise<number> {
  const obstacles = columns.flatMap((column) => [
    ...nonFinite(column, params, format),
    ...unquoted(column, params, format),
    ...partition(column, params),
  ]);
  const counts = obstacles.map(
    ({ count }, index) => sql`count(*) filter (where ${count}) as ${ident(`n${String(index)}`)}`,
  );
  const [row = {}] = await data.query(sql`select ${join([sql`count(*) as total`, ...counts])} from ${source}`);
  obstacles.forEach(({ refuse }, index) => {
    const rows = Number(row[`n${String(index)}`]);
    if (rows > 0) throw refuse(rows);
  });
  return Number(row["total"]);
}

function nonFinite({ name, type }: Column, params: WriterParameters, format: FileFormat): Obstacle[] {
  const lacksThem = format.kind === "json" || format.kind === "ndjson" || format.kind === "xlsx";
  if (!lacksThem || !isFloat(type) || params.non_finite !== "fail") return [];
  return [
    {
      count: sql`not isfinite(${ident(name)})`,
      refuse: (rows) =>
        writerError(
          "FILE_WRITER_VALUE",
          `the column ${JSON.stringify(name)} has NaN or an infinity in ${String(rows)} rows, which ${format.kind} does not have`,
          "Set `non_finite: null` or `text`, or clean the column first.",
        ),
    },
  ];
}

/** Without a quote nothing marks a value that holds a delimiter, or that reads as NULL. */
function unquoted(column: Column, params: WriterParameters, format: FileFormat): Obstacle[] {
  if (format.kind !== "csv" || params.quote !== "") return [];
  const x = sql`cast(${ident(column.name)} as varchar)`;
  const marks = [format.delimiter, "\n", "\r"].map((mark) => sql`contains(${x}, ${literal(mark)})`);
  return [
    {
      count: sql`(${join(marks, " or ")})`,
      refuse: (rows) =>
        writerError(
          "FILE_WRITER_VALUE",
          `the column ${JSON.stringify(column.name)} holds the delimiter or a line end in ${String(rows)} rows, and there is no quote`,
          "Set `quote`, or another `delimiter`.",
        ),
    },
    {
      count: sql`${x} = ${literal(params.null_value)}`,
      refuse: (rows) =>
        writerError(
          "FILE_WRITER_VALUE",
          `the column ${JSON.stringify(column.name)} has ${String(rows)} values that would read as NULL, and there is no quote`,
          "Set `quote`, or a `null_value` that no value equals.",
        ),
    },
  ];
}

function partition({ name }: Column, params: WriterParameters): Obstacle[] {
  if (params.partition_by?.includes(name) !== true) return [];
  return [
    {
      count: sql`cast(${ident(name)} as varchar) = '__HIVE_DEFAULT_PARTITION__'`,
      refuse: () =>
        writerError(
          "FILE_WRITER_VALUE",
          `the column ${JSON.stringify(name)} holds the text __HIVE_DEFAULT_PARTITION__, which as the name of a folder means NULL`,
          "Replace it first, or partition by another column.",
        ),
    },
  ];
}
