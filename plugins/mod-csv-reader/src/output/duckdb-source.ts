import { ident, join, literal, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";

/** A file that DuckDB reads with everything said: nothing is left for it to detect. */
export interface CsvSource {
  readonly path: string;
  readonly skip: number;
  readonly delimiter: string;
  readonly quote: string;
  readonly nullTexts: readonly string[];
  readonly quotedNulls: boolean;
  readonly parallel: boolean;
  readonly longestRecord: number;
  /** Whether records end with LF; DuckDB otherwise goes by the first line end in the file, which may stand inside a value. */
  readonly endsWithLf: boolean;
  readonly names: readonly string[];
  /** Value of the column `source_file`; `undefined` when there is none. */
  readonly label: string | undefined;
}

/** A column of the table to be made. */
export interface TargetColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
}

/** The plain dialect in which good records of any other dialect are written out. Every value but NULL is quoted. */
export const EMITTED = { delimiter: ",", quote: '"', nullTexts: ["\\N"], quotedNulls: false } as const;

// DuckDB reads buffers of this many bytes on every thread, and holds more of them the longer a file is. Its own default is four times as
// large, takes no less time, and makes memory grow with the file.
const BUFFER_BYTES = 8_000_000;
const LONGEST_IN_BUFFER = 500_000;

/** The query that reads all sources, in order, into the columns of the table. */
export function readQuery(
  sources: readonly CsvSource[],
  columns: readonly TargetColumn[],
  labelName: string | undefined,
): Sql {
  const groups: [CsvSource, ...CsvSource[]][] = [];
  let lastKey: string | undefined;
  for (const source of sources) {
    const key = groupKey(source);
    if (key === lastKey) groups.at(-1)?.push(source);
    else groups.push([source]);
    lastKey = key;
  }
  return join(
    groups.map((group) => selectGroup(group, columns, labelName)),
    " union all ",
  );
}

function groupKey({ path: _path, longestRecord: _longest, ...rest }: CsvSource): string {
  return JSON.stringify(rest);
}

function selectGroup(
  group: readonly [CsvSource, ...CsvSource[]],
  columns: readonly TargetColumn[],
  labelName: string | undefined,
): Sql {
  const [source] = group;
  const position = new Map(source.names.map((name, index) => [name, index]));
  const byName = new Map(columns.map((column) => [column.name, column]));
  const types = source.names.map((name, index) => {
    const column = byName.get(name);
    return sql`${literal(`c${index}`)}: ${literal(column === undefined || column.format !== undefined ? "VARCHAR" : column.type)}`;
  });
  const values = columns.map((column) => {
    const index = position.get(column.name);
    const type = rawType(column.type);
    if (index === undefined) return sql`cast(null as ${type}) as ${ident(column.name)}`;
    const value = ident(`c${index}`);
    if (column.format === undefined) return sql`${value} as ${ident(column.name)}`;
    return sql`cast(strptime(trim(${value}), ${literal(column.format)}) as ${type}) as ${ident(column.name)}`;
  });
  if (labelName !== undefined) values.push(sql`${literal(source.label ?? "")} as ${ident(labelName)}`);
  const longest = Math.max(...group.map(({ longestRecord }) => longestRecord));
  const options = [
    sql`auto_detect = false`,
    sql`header = false`,
    sql`skip = ${literal(source.skip)}`,
    sql`delim = ${literal(source.delimiter)}`,
    sql`quote = ${literal(source.quote)}`,
    sql`escape = ${literal(source.quote)}`,
    sql`comment = ''`,
    sql`nullstr = [${join(source.nullTexts.map((text) => literal(text)))}]`,
    sql`allow_quoted_nulls = ${literal(source.quotedNulls)}`,
    sql`strict_mode = true`,
    sql`null_padding = false`,
    sql`parallel = ${literal(source.parallel)}`,
    sql`columns = {${join(types)}}`,
    ...(source.endsWithLf ? [sql`new_line = ${literal("\\n")}`] : []),
    sql`max_line_size = ${literal(Math.max(longest * 2, LONGEST_IN_BUFFER))}`,
    sql`buffer_size = ${literal(Math.max(longest * 4, BUFFER_BYTES))}`,
  ];
  const files = sql`[${join(group.map(({ path }) => literal(escapeGlob(path))))}]`;
  return sql`select ${join(values)} from read_csv(${files}, ${join(options)})`;
}

/** A path in which `*`, `?` and `[` stand for themselves. */
function escapeGlob(path: string): string {
  return path.replace(/[*?[]/g, (character) => `[${character}]`);
}

/** Types come from the tables of `columns/`, never from a user's text. */
function rawType(type: string): Sql {
  return raw(type);
}
