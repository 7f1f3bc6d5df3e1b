import fc from "fast-check";
import { openDeriving } from "./support/derive.js";
import type { Deriving } from "./support/derive.js";

/** A query with the names of its columns. */
interface Made {
  readonly sql: string;
  readonly columns: readonly string[];
}

/** Every value tells the column that it stands in, so that a result tells where its values come from. */
const TABLES = ["p", "q", "r"].map((table) => ({
  sql: table,
  columns: ["a", "b", "k"],
  create: `create table ${table} as select '${table}.a.' || i as a, '${table}.b.' || i as b, '${table}.k.' || i as k from range(4) t(i)`,
}));

const base = fc.constantFrom(...TABLES.map(({ sql, columns }): Made => ({ sql: `select * from ${sql}`, columns })));
const seed = fc.nat({ max: 1_000_000 });

/** Wraps queries into bigger ones; `n` chooses. */
function grow(inner: fc.Arbitrary<Made>): fc.Arbitrary<Made> {
  const name = (n: number, at: number): string => ["x", "y", "z", "a", "b", "k", "v", "w"][(n + at * 3) % 8] ?? "x";
  const distinct = (names: readonly string[]): string[] => {
    const used = new Set<string>();
    return names.map((one) => {
      let free = one;
      while (used.has(free)) free += "_";
      used.add(free);
      return free;
    });
  };
  const project = fc.tuple(inner, seed).map(([one, n]): Made => {
    const chosen = [0, 1, 2].map((at) => one.columns[(n + at * 7) % one.columns.length] ?? "");
    const columns = distinct(chosen.map((_, at) => name(n, at)));
    const items = chosen.map((column, at) => {
      const value =
        [`t."${column}"`, `"${column}"`, `upper("${column}")`, `first_value("${column}") over (order by "${column}")`][
          (n >> at) % 4
        ] ?? "";
      return `${value} as "${columns[at] ?? ""}"`;
    });
    return { sql: `select ${items.join(", ")} from (${one.sql}) as t`, columns };
  });
  const cte = fc.tuple(inner, inner, seed).map(([one, two, n]): Made => {
    const columns = distinct(one.columns.map((_, at) => name(n, at)));
    // One name may hide a table, or the other expression.
    const label = ["p", "c1", "q"][n % 3] ?? "p";
    return {
      sql: `with c2 as (${two.sql}), ${label}(${columns.map((column) => `"${column}"`).join(", ")}) as (${one.sql}) select ${label}.* from ${label}, (select count(*) as n from c2) as d`,
      columns,
    };
  });
  const join = fc.tuple(inner, inner, seed).map(([one, two, n]): Made => {
    const kind = ["join", "left join", "right join", "full join"][n % 4] ?? "join";
    const shared = one.columns.filter((column) => two.columns.includes(column));
    const [key] = shared;
    if (key === undefined || n % 3 === 0) {
      const columns = distinct([...one.columns, ...two.columns]);
      const items = [...one.columns.map((column) => `l."${column}"`), ...two.columns.map((column) => `m."${column}"`)];
      return {
        sql: `select ${items.map((item, at) => `${item} as "${columns[at] ?? ""}"`).join(", ")} from (${one.sql}) as l ${kind} (${two.sql}) as m on l."${one.columns[0] ?? ""}" = m."${two.columns[0] ?? ""}"`,
        columns,
      };
    }
    const others = two.columns.filter((column) => !shared.includes(column));
    return {
      sql: `select * from (${one.sql}) as l ${kind} (${two.sql}) as m using (${shared.map((column) => `"${column}"`).join(", ")})`,
      columns: [...one.columns, ...others],
    };
  });
  const union = fc.tuple(inner, inner, seed).map(([one, two, n]): Made => {
    const width = Math.min(one.columns.length, two.columns.length);
    const cut = (made: Made): string =>
      `select ${made.columns
        .slice(0, width)
        .map((column) => `"${column}"`)
        .join(", ")} from (${made.sql}) as t`;
    const word = ["union all", "union", "except", "intersect"][n % 4] ?? "union";
    if (n % 5 === 0) {
      const extra = two.columns.filter((column) => !one.columns.includes(column));
      return { sql: `(${one.sql}) union all by name (${two.sql})`, columns: [...one.columns, ...extra] };
    }
    return { sql: `(${cut(one)}) ${word} (${cut(two)})`, columns: one.columns.slice(0, width) };
  });
  const star = fc.tuple(inner, seed).map(([one, n]): Made => {
    const gone = one.columns[n % one.columns.length] ?? "";
    if (one.columns.length < 2) return { sql: `from (${one.sql}) as t`, columns: one.columns };
    return {
      sql: `select * exclude ("${gone}") from (${one.sql}) as t`,
      columns: one.columns.filter((column) => column !== gone),
    };
  });
  const scalar = fc.tuple(inner, inner, seed).map(([one, two, n]): Made => {
    const columns = distinct([...one.columns, name(n, 1)]);
    return {
      sql: `select t.*, (select "${two.columns[n % two.columns.length] ?? ""}" from (${two.sql}) as s order by all limit 1) as "${columns.at(-1) ?? ""}" from (${one.sql}) as t`,
      columns,
    };
  });
  return fc.oneof(project, cte, join, union, star, scalar);
}

const query = grow(fc.oneof(base, grow(fc.oneof(base, grow(base)))));

describe("lineage of any query", () => {
  let deriving: Deriving;
  beforeAll(async () => {
    deriving = await openDeriving(TABLES.map((one) => one.create).join("; "));
  });
  afterAll(() => deriving.close());

  test("every value of an identity column stands in one of the columns that are named", async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(query, async ({ sql, columns }) => {
        const rows = (await deriving.connection.runAndReadAll(`select * from (${sql}) limit 200`)).getRowsJson();
        const { lineage, unknown } = await deriving.derive(sql);
        expect(unknown).toEqual([]);
        expect(Object.keys(lineage).sort()).toEqual([...columns].sort());
        columns.forEach((column, at) => {
          const sources = lineage[column] ?? [];
          const named = sources.map((one) => `${one.uri}.${one.column}.`);
          for (const row of rows) {
            const value = row[at];
            if (value === null || value === undefined) continue;
            checked += 1;
            // A transformation here is upper() or a window, which leaves it to be seen where the value came from.
            expect(named.some((one) => String(value).toLowerCase().startsWith(one))).toBe(true);
            if (sources.length === 1 && sources[0]?.change === "identity")
              expect(String(value).startsWith(named[0] ?? "")).toBe(true);
          }
        });
      }),
      { numRuns: 120 },
    );
    expect(checked).toBeGreaterThan(500);
  });
});
