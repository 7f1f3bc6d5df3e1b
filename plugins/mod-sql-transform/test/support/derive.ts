import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "@datapy/mod-kit";
import { deriveLineage } from "../../src/lineage/derive-lineage.js";
import type { DerivedLineage } from "../../src/lineage/derive-lineage.js";

/** A DuckDB with tables, and the derivation over it. */
export interface Deriving {
  readonly connection: DuckDBConnection;
  describe(query: string): Promise<Column[]>;
  derive(query: string): Promise<DerivedLineage>;
  /** Sources in short: `column=table.source:change`. */
  inShort(query: string): Promise<string[]>;
  close(): void;
}

/** `tables` are CREATE TABLE statements; every table that they make is an input. */
export async function openDeriving(tables: string): Promise<Deriving> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(tables);
  const rows = async (query: string): Promise<unknown[][]> => (await connection.runAndReadAll(query)).getRowsJson();
  const describe = async (query: string): Promise<Column[]> =>
    (await rows(`describe select * from (${query}\n)`)).map(([name, type]) => ({
      name: String(name),
      type: String(type),
    }));
  const inputs: Record<string, Column[]> = {};
  for (const [name] of await rows("select table_name from duckdb_tables()"))
    inputs[String(name)] = await describe(`from ${String(name)}`);
  const aggregates = new Set(
    (await rows("select function_name from duckdb_functions() where function_type = 'aggregate'")).map(([name]) =>
      String(name),
    ),
  );
  const derive = async (query: string): Promise<DerivedLineage> => {
    const statement = await connection.prepare(
      "select json_serialize_sql($1::varchar, skip_null := true, skip_empty := true, skip_default := true)",
    );
    statement.bindVarchar(1, query);
    const [[json] = []] = (await statement.runAndReadAll()).getRowsJson();
    const tree = JSON.parse(String(json)) as { statements: { node: unknown }[] };
    return deriveLineage({
      syntax: tree.statements[0]?.node,
      output: await describe(query),
      tables: inputs,
      uris: {},
      aggregates,
    });
  };
  return {
    connection,
    describe,
    derive,
    async inShort(query) {
      const { lineage, unknown } = await derive(query);
      const known = Object.entries(lineage).map(
        ([name, sources]) =>
          `${name}=${sources
            .map((one) => `${one.uri}.${one.column}:${String(one.change)[0] ?? ""}`)
            .sort()
            .join("+")}`,
      );
      return [...known, ...unknown.map((name) => `${name}?`)];
    },
    close: () => instance.closeSync(),
  };
}
