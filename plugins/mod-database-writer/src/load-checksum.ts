import { createHash } from "node:crypto";
import { ident, join, sql } from "@datapy/mod-kit";
import type { Column, ModContext, Sql } from "@datapy/mod-kit";
import type { WriterParams } from "./parameters.js";

/** A table's rows, and what tells its content from another's. */
export interface CountedContent {
  readonly rows: number;
  /** {@link comparableWith} says which others it can be compared with. */
  readonly checksum: string;
}

/**
 * Counts the rows of `source` and computes a checksum of what the load takes of them: the columns that are written, their types, the keys,
 * and the rows in any order (where `on_duplicate_key: last` gives the order a meaning: in theirs). It is not the checksum of the file, which
 * may be another when the same table is written again. One pass over the file, in all threads; about the time that reading it takes.
 */
export async function countContent(
  params: WriterParams,
  ctx: ModContext,
  columns: readonly Column[],
  source: { readonly plain: Sql; readonly numbered: Sql; readonly rowNumber: string },
): Promise<CountedContent> {
  const taken = takenColumns(params, columns);
  const ordered = params.write_mode === "upsert" && params.on_duplicate_key === "last";
  const values = [...taken.map(({ name }) => name), ...(ordered ? [source.rowNumber] : [])].map((name) => ident(name));
  // DuckDB joins the hashes of several columns by xor: hashed once more, two rows that exchange a value no longer cancel out in the sums.
  const hash = sql`hash(hash(${join(values)}))`;
  const [content] = await ctx.data.query<{ rows: bigint; total: string; parity: string; version: string }>(
    sql`select count(*) as rows, coalesce(sum(${hash}), 0)::varchar as total, coalesce(bit_xor(${hash}), 0)::varchar as parity, version() as version
      from ${ordered ? source.numbered : source.plain}`,
  );
  const settings = JSON.stringify([taken.map(({ name, type }) => [name, type]), params.key_columns, ordered]);
  const digest = createHash("sha256")
    .update(`${settings} ${content?.total ?? ""} ${content?.parity ?? ""}`)
    .digest("hex");
  return { rows: Number(content?.rows ?? 0), checksum: `duckdb-${content?.version ?? ""}:${digest}` };
}

/** Whether two checksums tell anything of each other: DuckDB may hash otherwise in another version. */
export function comparableWith(a: string, b: string): boolean {
  return a.split(":", 1)[0] === b.split(":", 1)[0];
}

/** Names that the input does not have are refused elsewhere, with what it has. */
function takenColumns(params: WriterParams, columns: readonly Column[]): readonly Column[] {
  if (params.columns === undefined) return columns;
  const names = new Set([
    ...params.columns,
    ...params.key_columns,
    ...(params.delete_flag_column === undefined ? [] : [params.delete_flag_column]),
  ]);
  const taken = columns.filter(({ name }) => names.has(name));
  return taken.length === 0 ? columns : taken;
}
