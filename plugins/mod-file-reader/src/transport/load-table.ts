import { DatapyError, ident, isKnownType, join, literal, raw, sql, strictCast } from "@datapy/mod-kit";
import type { Column, ColumnLineage, Sql } from "@datapy/mod-kit";
import type { ReaderParameters } from "../parameters.js";
import type { ReaderContext } from "../reader-context.js";
import { readerError, shown } from "../reader-error.js";
import { hiveValues } from "../input/find-input.js";
import { KIND_WORDS } from "./column-kinds.js";
import type { TransportFile } from "./transport-file.js";

/** A type that is wanted for a column. */
export interface WantedType {
  readonly type: string;
  readonly formats?: readonly string[];
}

/** Types that are asked for, by column. Throws `FILE_READER_COLUMNS` (20) for one that is not known. */
export function wantedTypes(params: ReaderParameters): Map<string, WantedType> {
  const wanted = new Map<string, WantedType>();
  for (const { name, type, formats } of params.fields ?? [])
    wanted.set(name, { type: type ?? "VARCHAR", ...(formats === undefined ? {} : { formats }) });
  for (const [name, given] of Object.entries(params.columns ?? {}))
    wanted.set(name, typeof given === "string" ? { type: given } : given);
  const unknown = [...wanted].filter(([, { type }]) => !isKnownType(type));
  if (unknown.length > 0) {
    throw readerError(
      "FILE_READER_COLUMNS",
      unknown
        .map(([name, { type }]) => `${JSON.stringify(name)}: ${JSON.stringify(type)} is not a type that can be read`)
        .join("; "),
      "Types are DuckDB's, such as BIGINT, DECIMAL(12,2), DATE, TIMESTAMP, VARCHAR.",
    );
  }
  return wanted;
}

/** A column on its way into the table: its value, and when it is bad. */
export interface PlannedValue {
  readonly name: string;
  readonly value: Sql;
  readonly bad: Sql | undefined;
  readonly type: string;
  /** The value as text, for messages. */
  readonly text: Sql;
}

/** How a table is loaded: where the rows come from, and what stands in the columns. */
export interface LoadPlan {
  readonly files: readonly string[];
  readonly rows: Sql;
  readonly values: readonly PlannedValue[];
  /** Columns made of the file's name. */
  readonly extra: readonly { readonly name: string; readonly value: Sql }[];
  /** Rows that were read, the bad ones found so far included. */
  readonly rowsRead: number;
  readonly badBefore: number;
  readonly examples: readonly string[];
  /** Bad rows found so far, as a query; and those that `values` find. */
  readonly badRows: Sql | undefined;
  readonly badOf: (condition: Sql, column: Sql, reason: Sql) => Sql;
}

/** Plans the load of a {@link TransportFile}. */
export function planTransport(
  params: ReaderParameters,
  transport: TransportFile,
  files: readonly string[],
  warn: (text: string) => void,
): LoadPlan {
  const wanted = wantedTypes(params);
  for (const name of wanted.keys()) transport.place(name);
  assertNames(transport.columns.map((column) => column.name));
  const longest = literal(Math.max(transport.longest * 2, 16 * 1024 * 1024));
  const values = transport.columns.map(({ name, kinds }, index): PlannedValue => {
    const cell = sql`r[${raw(String(index + 1))}]`;
    const text = sql`${cell}[2:]`;
    const want = wanted.get(name);
    const type = want?.type ?? kinds.type();
    if (want !== undefined && type.toUpperCase() !== "JSON") {
      const cast = strictCast(text, "VARCHAR", want);
      const isText = /^(?:VARCHAR|TEXT)$/i.test(type);
      return { name, type, text, value: isText ? text : cast.value, bad: isText ? undefined : cast.bad };
    }
    if (type.toUpperCase() === "JSON") {
      if (kinds.kinds.size > 1) {
        const words = [...kinds.kinds].map((kind) => KIND_WORDS[kind]).join(", ");
        warn(
          `the column ${JSON.stringify(name)} holds ${words}, so it is kept as JSON; declare its type under \`columns\``,
        );
      }
      const isPlain = sql`${cell}[1] in ('n', 'b', 'j')`;
      return {
        name,
        type: "JSON",
        text,
        bad: undefined,
        value: sql`cast(case when ${isPlain} then ${text} else cast(to_json(${text}) as varchar) end as json)`,
      };
    }
    return { name, type, text, bad: undefined, value: type === "VARCHAR" ? text : sql`cast(${text} as ${raw(type)})` };
  });
  const origin = values.some((one) => one.bad !== undefined) ? sql`, o: 'BIGINT', w: 'VARCHAR'` : sql``;
  const rows = sql`read_json(${literal(transport.path)}, format = 'newline_delimited', columns = {f: 'INTEGER', l: 'BIGINT'${origin}, r: 'VARCHAR[]'}, maximum_object_size = ${longest})`;
  const names = literal([...files]);
  const badRows =
    transport.bad === 0
      ? undefined
      : sql`select ${names}[file + 1] as source_file, line, byte_offset, "column", reason, raw
          from read_json(${literal(transport.badPath)}, format = 'newline_delimited', columns = {file: 'INTEGER', line: 'BIGINT', byte_offset: 'BIGINT', "column": 'VARCHAR', reason: 'VARCHAR', raw: 'VARCHAR'}, maximum_object_size = ${longest})`;
  return {
    files,
    rows,
    values,
    extra: fileColumns(params, files, (texts) => sql`${literal([...texts])}[f + 1]`),
    rowsRead: transport.rows + transport.bad,
    badBefore: transport.bad,
    examples: transport.examples.map(
      (row) =>
        `${files[row.file] ?? ""}, line ${String(row.line)}${row.column === undefined ? "" : `, column ${JSON.stringify(row.column)}`}: ${row.reason}: ${shown(row.raw)}`,
    ),
    badRows,
    badOf: (condition, column, reason) =>
      sql`select ${names}[f + 1] as source_file, l as line, o as byte_offset, ${column} as "column", ${reason} as reason, w as raw from ${rows} where ${condition}`,
  };
}

/** The columns `source_file` and those of Hive's folders. */
export function fileColumns(
  params: ReaderParameters,
  files: readonly string[],
  pick: (texts: readonly (string | null)[]) => Sql,
): { name: string; value: Sql }[] {
  const columns: { name: string; value: Sql }[] = [];
  if (params.hive_partitioning) {
    const values = files.map(hiveValues);
    for (const name of new Set(values.flatMap((one) => Object.keys(one))))
      columns.push({ name, value: sql`cast(${pick(values.map((one) => one[name] ?? null))} as varchar)` });
  }
  if (params.source_file) columns.push({ name: "source_file", value: pick(files) });
  return columns;
}

/** Names of columns differ by more than upper and lower case in DuckDB. Throws `FILE_READER_COLUMNS` (20). */
export function assertNames(names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const before = seen.get(name.toLowerCase());
    if (before !== undefined || name === "" || name.includes("\0")) {
      throw readerError(
        "FILE_READER_COLUMNS",
        before === undefined
          ? `${JSON.stringify(name)} cannot be the name of a column`
          : `the columns ${JSON.stringify(before)} and ${JSON.stringify(name)} have one name, upper and lower case aside`,
        "Rename it where the file comes from; for NDJSON and JSON that differ inside only, set nested: json.",
      );
    }
    seen.set(name.toLowerCase(), name);
  }
}

/** Writes table and quarantine, and gives the rows of both. Throws `FILE_READER_BAD_ROWS` (20). */
export async function loadTable(
  params: ReaderParameters,
  ctx: ReaderContext,
  plan: LoadPlan,
): Promise<{ rows: number; bad: number }> {
  const checks = plan.values.flatMap(({ bad, name, type, text }) =>
    bad === undefined ? [] : [{ bad, name, type, text }],
  );
  const isBad =
    checks.length === 0
      ? undefined
      : sql`(${join(
          checks.map(({ bad }) => bad),
          " or ",
        )})`;
  const column = sql`case ${join(
    checks.map(({ bad, name }) => sql`when ${bad} then ${literal(name)}`),
    " ",
  )} end`;
  const reason = sql`case ${join(
    checks.map(({ bad, type }) => sql`when ${bad} then ${literal(`not a value of type ${type}`)}`),
    " ",
  )} end`;
  const found = isBad === undefined ? undefined : plan.badOf(isBad, column, reason);
  const badLater = found === undefined ? 0 : await countOf(ctx, found);
  const bad = plan.badBefore + badLater;
  if (bad > 0) {
    const examples = [...plan.examples];
    if (examples.length < 5 && found !== undefined && badLater > 0) {
      const rows = await ctx.data.query(sql`select * from (${found}) limit 5`);
      for (const row of rows)
        examples.push(
          `${String(row["source_file"])}, line ${String(row["line"])}, column ${JSON.stringify(row["column"])}: ${String(row["reason"])}: ${shown(String(row["raw"]))}`,
        );
    }
    judge(params, bad, plan.rowsRead, examples.slice(0, 5));
  }
  const columns = [...plan.values, ...plan.extra];
  assertNames(columns.map(({ name }) => name));
  const list = join(columns.map(({ name, value }) => sql`${value} as ${ident(name)}`));
  const good = isBad === undefined ? sql`` : sql` where not coalesce(${isBad}, false)`;
  const table = await ctx.data.writeTable("output_data", sql`select ${list} from ${plan.rows}${good}`, {
    lineage: lineageOf(plan, columns),
  });
  if (table.rows + bad !== plan.rowsRead) {
    throw new DatapyError({
      code: "FILE_READER_ROWS_UNRECONCILED",
      message: `${String(plan.rowsRead)} rows were read, but ${String(table.rows)} written and ${String(bad)} set aside`,
      hint: "This is a fault in file-reader; please report it. The output is not to be used.",
    });
  }
  if (bad > 0) {
    const parts = [plan.badRows, badLater > 0 ? found : undefined].filter((part) => part !== undefined);
    const quarantine = await ctx.data.writeTable("quarantine", join(parts, " union all "));
    ctx.result.addWarning(`${String(bad)} rows are damaged and were set aside: ${quarantine.uri}`);
  }
  return { rows: table.rows, bad };
}

async function countOf(ctx: ReaderContext, query: Sql): Promise<number> {
  const [row] = await ctx.data.query(sql`select count(*) as n from (${query})`);
  return Number(row?.["n"]);
}

function judge(params: ReaderParameters, bad: number, read: number, examples: readonly string[]): void {
  const reason =
    params.on_bad_row !== "quarantine"
      ? "`on_bad_row` is `fail`"
      : params.max_bad_rows !== undefined && bad > params.max_bad_rows
        ? `\`max_bad_rows\` is ${String(params.max_bad_rows)}`
        : params.max_bad_fraction !== undefined && bad / read > params.max_bad_fraction
          ? `\`max_bad_fraction\` is ${String(params.max_bad_fraction)}`
          : undefined;
  if (reason === undefined) return;
  throw readerError(
    "FILE_READER_BAD_ROWS",
    `${String(bad)} of ${String(read)} rows are damaged, and ${reason}: ${examples.join("; ")}${bad > examples.length ? "; …" : ""}`,
    "Mend the file where it comes from, or set `on_bad_row: quarantine` and wider limits.",
  );
}

function lineageOf(plan: LoadPlan, columns: readonly { readonly name: string }[]): ColumnLineage {
  const made = new Set(plan.extra.map(({ name }) => name));
  return Object.fromEntries(
    columns.map(({ name }) => [
      name,
      made.has(name) ? [] : plan.files.slice(0, 100).map((uri) => ({ uri, column: name })),
    ]),
  );
}

/** A column of DuckDB's, as a value that is taken as it is or cast. */
export function plannedColumn(column: Column, want: WantedType | undefined): PlannedValue {
  const x = ident(column.name);
  const text = sql`cast(${x} as varchar)`;
  if (want === undefined || want.type.toUpperCase() === column.type)
    return { name: column.name, type: column.type, text, value: x, bad: undefined };
  const cast = strictCast(x, column.type, want);
  return { name: column.name, type: want.type, text, value: cast.value, bad: cast.bad };
}
