import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { caretPosition, explainSql, suggestColumn } from "../../src/data/explain-sql.js";

describe("what DuckDB says of a column that is not there", () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  beforeAll(async () => {
    instance = await DuckDBInstance.create(":memory:");
    connection = await instance.connect();
    await connection.run("create table films as select 1 as minutes, 'x' as genre");
  });
  afterAll(() => {
    connection.closeSync();
    instance.closeSync();
  });

  const messageOf = async (text: string): Promise<string> =>
    connection.run(text).then(
      () => "",
      (error: unknown) => (error as Error).message,
    );

  it.each([
    ["of any table", "select genre,\n  sum(minuts) from films", 'there is no column "minuts"', "minutes", 2, 7],
    ["of a table", "select f.genres from films f", '"f" has no column "genres"', "genre", 1, 8],
    [
      "of a subquery, in a line that DuckDB cuts",
      `with q as (select genre, minutes from films) select ${"genre, ".repeat(30)}q.minuts from q`,
      '"q" has no column "minuts"',
      "minutes",
      1,
      `with q as (select genre, minutes from films) select ${"genre, ".repeat(30)}`.length + 1,
    ],
  ])("%s", async (_, text, words, meant, line, column) => {
    const message = await messageOf(text);
    const { detail, column: missing, candidates } = explainSql(message);
    expect(detail.split("\n")[0]).toBe(words);
    expect(suggestColumn(missing ?? "", [...candidates, "minutes", "genre"])).toBe(`Did you mean "${meant}"?`);
    expect(caretPosition(detail, text)).toEqual({ line, column });
  });

  it("leaves alone what is no matter of columns", async () => {
    const message = await messageOf("select * form films");
    expect(explainSql(message)).toEqual({ detail: message, column: undefined, candidates: [] });
    expect(caretPosition("no line at all", "select 1")).toBeUndefined();
  });
});
