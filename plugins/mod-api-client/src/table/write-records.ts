import { ident, join, literal, raw, sql, strictCast } from "@datapy/mod-kit";
import type { ColumnLineage, ModContext, Sql, TableArtifact } from "@datapy/mod-kit";
import { apiError } from "../api-errors.js";
import type { ApiParams } from "../params.js";
import type { TableColumn } from "./record-table.js";
import type { RowSpool } from "./row-spool.js";
import type { ValueShape } from "./value-shape.js";

/** What became of the records. */
export interface WrittenRecords {
  readonly table: TableArtifact;
  readonly rejected: number;
}

interface ReadyColumn {
  readonly name: string;
  readonly value: Sql;
  readonly bad: Sql | undefined;
  /** Fields of the spool that it needs. */
  readonly needs: readonly (readonly [string, string])[];
}

/** Writes the rows of the spool as the artifact `output_data`, and those that do not fit `columns` as `quarantine`. */
export async function writeRecords(
  ctx: ModContext,
  params: ApiParams,
  source: { readonly spool: RowSpool; readonly columns: readonly TableColumn[]; readonly uri: string },
): Promise<WrittenRecords> {
  const { spool, columns, uri } = source;
  const ready = columns.map(readyColumn);
  const names = new Map<string, string>([["n", "BIGINT"], ["p", "BIGINT"], ...ready.flatMap((one) => one.needs)]);
  const rows = spoolRows(spool, names);
  const isBad = anyOf(ready);
  let rejected = 0;
  if (isBad !== undefined && spool.rows > 0) rejected = await setAside(ctx, params, { ready, columns, rows, isBad });
  const selected = join(ready.map((one) => sql`${one.value} as ${ident(one.name)}`));
  const kept = rejected === 0 || isBad === undefined ? sql`` : sql` where not ${isBad}`;
  const written = await ctx.data.writeTable("output_data", sql`select ${selected} from ${rows}${kept}`, {
    lineage: lineageOf(columns, uri),
    verify: (made) => {
      if (made.rows + rejected !== spool.rows)
        throw apiError(
          "API_ROWS_UNRECONCILED",
          `${String(spool.rows)} records were received, but ${String(made.rows)} were written and ${String(rejected)} set aside`,
        );
    },
  });
  return { table: written, rejected };
}

/** The rows of a spool as `r`, with these fields and their types. */
export function spoolRows(spool: RowSpool, fields: ReadonlyMap<string, string>): Sql {
  if (spool.rows === 0) {
    const empty = [...fields].map(([name, type]) => sql`cast(null as ${raw(type)}) as ${ident(name)}`);
    return sql`(select ${join(empty)} where false) as r`;
  }
  const columns = join([...fields].map(([name, type]) => sql`${literal(name)}: ${literal(type)}`));
  // DuckDB refuses lines that are longer than it was told.
  const longest = literal(Math.max(16_777_216, spool.longest + 1_024));
  return sql`read_json(${literal(spool.file)}, format = 'newline_delimited', columns = {${columns}}, maximum_object_size = ${longest}) as r`;
}

function readyColumn(column: TableColumn): ReadyColumn {
  const { declared, shape, name } = column;
  const field = `c${String(column.index)}`;
  const text = ident("r", field);
  const plain = (value: Sql): ReadyColumn => ({ name, value, bad: undefined, needs: [[field, "VARCHAR"]] });
  if (declared?.type !== undefined) {
    const { type, format } = declared;
    if (/^(?:VARCHAR|TEXT)$/i.test(type)) return plain(text);
    const { value, bad } = strictCast(text, "VARCHAR", {
      type,
      ...(format === undefined ? {} : { formats: [format] }),
    });
    return { name, value, bad, needs: [[field, "VARCHAR"]] };
  }
  if (!shape.isNested) return plain(castTo(text, shape.scalarType()));
  const type = shape.structType(scalarOf);
  if (type !== undefined) {
    const structured = `s${String(column.index)}`;
    const texts = shape.structType(() => "VARCHAR") ?? "VARCHAR";
    return {
      name,
      value: castTo(ident("r", structured), type),
      bad: undefined,
      needs: [
        [field, "VARCHAR"],
        [structured, texts],
      ],
    };
  }
  // Texts beside lists are no JSON documents.
  return plain(shape.texts > 0 ? text : castTo(text, "JSON"));
}

function scalarOf(shape: ValueShape): string {
  return shape.scalarType();
}

/** `type` is made by the mod, its field names quoted. */
function castTo(value: Sql, type: string): Sql {
  return type === "VARCHAR" ? value : sql`cast(${value} as ${raw(type)})`;
}

function anyOf(ready: readonly ReadyColumn[]): Sql | undefined {
  const bad = ready.flatMap((one) => (one.bad === undefined ? [] : [one.bad]));
  return bad.length === 0 ? undefined : sql`(${join(bad, " or ")})`;
}

/** Counts records that do not fit; fails the run, or writes them as `quarantine`, as `on_bad_row` says. */
async function setAside(
  ctx: ModContext,
  params: ApiParams,
  found: {
    readonly ready: readonly ReadyColumn[];
    readonly columns: readonly TableColumn[];
    readonly rows: Sql;
    readonly isBad: Sql;
  },
): Promise<number> {
  const { ready, columns, rows, isBad } = found;
  const broken = join(
    ready.map((one) => (one.bad === undefined ? sql`null` : sql`case when ${one.bad} then ${literal(one.name)} end`)),
  );
  const badNames = sql`list_filter([${broken}], lambda name : name is not null)`;
  const [count] = await ctx.data.query<{ bad: bigint; first: bigint | null }>(
    sql`select count(*) as bad, min(r.n) as first from ${rows} where ${isBad}`,
  );
  const bad = Number(count?.bad ?? 0);
  if (bad === 0) return 0;
  const texts = columns.map((one) => sql`${ident("r", `c${String(one.index)}`)} as ${ident(one.name)}`);
  if (params.on_bad_row === "fail" || (params.max_bad_rows !== undefined && bad > params.max_bad_rows)) {
    const [row] = await ctx.data.query(
      sql`select r.p as p, ${badNames} as bad_names, ${join(columns.map((one) => ident("r", `c${String(one.index)}`)))} from ${rows} where r.n = ${count?.first ?? 0n}`,
    );
    const [name] = (row?.["bad_names"] ?? []) as readonly string[];
    const column = columns.find((one) => one.name === name);
    const value = String(row?.[`c${String(column?.index)}`]).slice(0, 100);
    const where = `record ${String(count?.first)} (page ${String(row?.["p"])})`;
    const reason = `${JSON.stringify(value)} in ${column?.source ?? ""} does not fit ${String(name)} ${column?.declared?.type ?? ""} exactly`;
    const limit = params.on_bad_row === "fail" ? "" : ` and \`max_bad_rows\` is ${String(params.max_bad_rows)}`;
    throw apiError(
      params.on_bad_row === "fail" ? "API_BAD_VALUE" : "API_BAD_ROWS",
      `${String(bad)} records do not fit \`columns\`${limit}; the first is ${where}: ${reason}`,
    );
  }
  const written = await ctx.data.writeTable(
    "quarantine",
    sql`select r.n as record_number, r.p as page_number, ${badNames} as bad_columns, ${join(texts)} from ${rows} where ${isBad} order by r.n`,
  );
  ctx.result.addWarning(`${String(bad)} records do not fit \`columns\` and were set aside: ${written.uri}`);
  return bad;
}

function lineageOf(columns: readonly TableColumn[], uri: string): ColumnLineage {
  return Object.fromEntries(
    columns.map((one) => [
      one.name,
      [
        {
          uri,
          column: one.source,
          change: one.declared?.type === undefined ? ("identity" as const) : ("transformation" as const),
        },
      ],
    ]),
  );
}
