import { ident, isKnownType, join, sql, strictCast, table } from "@datapy/mod-kit";
import type { Column, Sql } from "@datapy/mod-kit";
import type { ExpectationOf } from "../params.js";
import { qualityError } from "../quality-error.js";
import { columnOf } from "./check-context.js";
import type { CheckContext } from "./check-context.js";
import { judged } from "./outcome.js";
import type { Finding } from "./outcome.js";

/**
 * Another table holds the same rows. Rows are counted, each column gets a checksum that does not depend on the order of rows, and the rows as
 * wholes get one: values may have moved between rows although no column changed. Where they differ, the rows that only one side has are
 * counted. A column whose type differs is cast to this table's, exactly.
 */
export async function reconciliation(around: CheckContext, given: ExpectationOf<"reconciliation">): Promise<Finding> {
  const { ctx, source, rows } = around;
  const other = table(given.input_artifact);
  let others: readonly Column[];
  try {
    others = await ctx.data.describe(sql`select * from ${other}`);
  } catch (cause) {
    ctx.signal.throwIfAborted();
    throw qualityError("QUALITY_BAD_INPUT", `${given.input_artifact} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  const [counted] = await ctx.data.query<{ n: bigint }>(sql`select count(*) as n from ${other}`);
  const count = Number(counted?.n ?? 0);
  const countText = `${String(rows)} rows here, ${String(count)} there`;
  if (given.counts_only === true) return judged(rows === count, "the same number of rows", countText, rows - count);
  const names = given.columns ?? source.columns.map((one) => one.name);
  const pairs = names.map((name) => {
    const mine = columnOf(source.columns, name);
    const theirs = columnOf(others, given.map?.[name] ?? name);
    return { name, mine: ident(name), theirs: castLike(theirs, mine) };
  });
  const here = await checksums(
    around,
    source.relation,
    pairs.map((one) => one.mine),
  );
  const there = await checksums(
    around,
    other,
    pairs.map((one) => one.theirs),
  );
  const differing = names.filter((_, index) => here[index] !== there[index]);
  const isSame = rows === count && differing.length === 0 && here.at(-1) === there.at(-1);
  const expected = `the same rows as ${given.input_artifact}, over ${String(names.length)} columns`;
  if (isSame) return judged(true, expected, `${countText}; all checksums agree`, 0);
  const left = sql`select ${join(pairs.map((one, index) => sql`${one.mine} as ${ident(`c${String(index)}`)}`))} from ${source.relation}`;
  const right = sql`select ${join(pairs.map((one, index) => sql`${one.theirs} as ${ident(`c${String(index)}`)}`))} from ${other}`;
  const only = async (one: Sql, another: Sql): Promise<number> => {
    const [row] = await ctx.data.query<{ n: bigint }>(sql`select count(*) as n from (${one} except all ${another})`);
    return Number(row?.n ?? 0);
  };
  const mine = await only(left, right);
  const theirs = await only(right, left);
  const columns =
    differing.length > 0
      ? `checksums differ in ${differing.slice(0, 10).join(", ")}${differing.length > 10 ? ", …" : ""}`
      : "every column agrees, but not the rows as wholes";
  return judged(
    mine + theirs === 0,
    expected,
    `${countText}; ${columns}; ${String(mine)} rows only here, ${String(theirs)} only there`,
    mine + theirs,
  );
}

function castLike(theirs: Column, mine: Column): Sql {
  const x = ident(theirs.name);
  if (theirs.type === mine.type) return x;
  if (!isKnownType(mine.type))
    throw qualityError("QUALITY_BAD_EXPECTATION", `${mine.name} is ${mine.type} here and ${theirs.type} there`);
  // A value that would have to be rounded is no equal, and as NULL it would equal a NULL.
  const { value, bad } = strictCast(x, theirs.type, { type: mine.type });
  const said = sql`${`${theirs.name} there holds a value that is no ${mine.type}: `} || cast(${x} as varchar)`;
  return sql`case when ${bad} then error(${said}) else ${value} end`;
}

async function checksums(around: CheckContext, relation: Sql, values: readonly Sql[]): Promise<readonly string[]> {
  const sum = (of: Sql): Sql => sql`cast(coalesce(sum(hash(${of})), 0) as varchar)`;
  const all = [...values.map(sum), sum(join(values))].map((one, index) => sql`${one} as ${ident(`s${String(index)}`)}`);
  try {
    const [row = {}] = await around.ctx.data.query(sql`select ${join(all)} from ${relation}`);
    return all.map((_, index) => String(row[`s${String(index)}`]));
  } catch (cause) {
    around.ctx.signal.throwIfAborted();
    throw qualityError("QUALITY_BAD_EXPECTATION", `the two tables cannot be compared: ${(cause as Error).message}`, {
      cause,
    });
  }
}
