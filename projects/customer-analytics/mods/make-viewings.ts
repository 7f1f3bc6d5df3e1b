// What the customers of a film service watched on one day, made up: a volume to work with. The same day gives the same viewings.
import { Artifact, defineMod, sql, table, Type } from "@datapy/mod-kit";

const customers = 20_000;
const secondsOfDay = 86_400;

export default defineMod({
  metadata: {
    name: "make-viewings",
    version: "1.0.0",
    description: "Makes up the viewings of one day over a table of films",
    category: "source",
  },
  params: Type.Object({
    input_artifact: Artifact({ description: "Films, with the column `title`" }),
    day: Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", description: "Day of the viewings, such as 2024-08-12" }),
    rows: Type.Integer({ minimum: 1, default: 200_000, description: "How many viewings" }),
  }),
  artifacts: { output_data: { kind: "table", description: "One row a viewing" } },
  async run(params, ctx) {
    const films = table(params.input_artifact);
    const [counted] = await ctx.data.query<{ rows: bigint }>(sql`select count(*) as rows from ${films}`);
    const { day, rows } = params;
    const number = (salt: string, below: number) =>
      sql`(hash(${salt} || ${day} || n::varchar) % ${below}::ubigint)::bigint`;
    const output = await ctx.data.writeTable(
      "output_data",
      sql`
        with film as (select row_number() over (order by title, released_on) - 1 as place, title, released_on from ${films}),
        viewing as (
          select n,
            -- Few films are watched often, most of them seldom.
            floor(power(${number("film", 1_000_000)} / 1e6, 3) * ${Number(counted?.rows ?? 0)})::bigint as place,
            1 + ${number("customer", customers)} as customer_id,
            ${day}::timestamp + to_seconds(${number("time", secondsOfDay)}) as viewed_at,
            5 + ${number("minutes", 140)} as minutes
          from range(${rows}) as numbers(n)
        )
        select ${day} || '-' || lpad(n::varchar, 9, '0') as viewing_id, customer_id, title, released_on, viewed_at, minutes
        from viewing join film using (place)
        order by n`,
    );
    ctx.result.addMetric("rows_output", output.rows);
    return ctx.result.success();
  },
});
