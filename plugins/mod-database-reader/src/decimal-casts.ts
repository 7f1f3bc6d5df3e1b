import { ident, join, raw, sql } from "@datapy/mod-kit";
import type { ModContext, Sql } from "@datapy/mod-kit";
import type { ResultColumn } from "@datapy/database";

/**
 * Columns of a spooled result, with those of the database's unconstrained decimal cast to the narrowest `DECIMAL` that keeps every
 * value. A column with more than 38 digits, or with a value that is no number (`NaN`, `Infinity`), stays text.
 */
export async function decimalCasts(ctx: ModContext, source: Sql, columns: readonly ResultColumn[]): Promise<Sql> {
  const casts: Sql[] = [];
  for (const column of columns) {
    const name = ident(column.name);
    if (column.unboundedDecimal !== true) {
      casts.push(name);
      continue;
    }
    const digits = sql`ltrim(${name}, '-')`;
    const point = sql`instr(${digits}, '.')`;
    const [found] = await ctx.data.query<{ whole: bigint | null; scale: bigint | null; odd: bigint }>(
      sql`select max(case when ${point} = 0 then length(${digits}) else ${point} - 1 end) as whole,
        max(case when ${point} = 0 then 0 else length(${digits}) - ${point} end) as scale,
        count(*) filter (not regexp_full_match(${name}, '-?[0-9]+(\\.[0-9]+)?')) as odd from ${source}`,
    );
    const whole = Number(found?.whole ?? 1);
    const scale = Number(found?.scale ?? 0);
    const fits = found !== undefined && Number(found.odd) === 0 && whole + scale <= 38;
    // A column without any value tells nothing; numbers with a few digits behind the point are what such a column is mostly for.
    const type =
      found?.whole === null ? "DECIMAL(38,10)" : `DECIMAL(${String(Math.max(1, whole + scale))},${String(scale)})`;
    casts.push(fits ? sql`cast(${name} as ${raw(type)}) as ${name}` : name);
  }
  return join(casts);
}
