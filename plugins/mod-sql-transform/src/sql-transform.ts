import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { DatapyError, defineMod, isDatapyError, missingFileHint, sql, table } from "@datapy/mod-kit";
import type { ModContext } from "@datapy/mod-kit";
import { parameters } from "./parameters.js";
import type { SqlTransformParameters } from "./parameters.js";

const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "package.json"), "utf8")) as { version: string };

const artifacts = { output_data: { kind: "table", description: "The result of the query" } } as const;

/** The mod `sql-transform`: SQL over tables, and nothing but these tables. */
export const sqlTransform = defineMod({
  metadata: {
    name: "sql-transform",
    version,
    description:
      "Makes a table of other tables by SQL that sees these tables and nothing else; says which columns each column comes from",
    author: "The DataPy authors",
    tags: ["sql", "join", "aggregate", "pivot", "lineage"],
    category: "transformer",
  },
  params: parameters,
  artifacts,
  check: async (params) => {
    tablesOf(params);
    await queryOf(params);
  },
  run: async (params, ctx) => {
    const tables = tablesOf(params);
    const text = await queryOf(params);
    const sandbox = await ctx.data.sandbox(tables);
    const given = params.parameters ?? [];
    const checked = await sandbox.check(text, given).catch((error: unknown) => {
      throw writtenIn(params, error);
    });
    const { deriveLineage } = await import("./lineage/derive-lineage.js");
    const { lineage, unknown } = deriveLineage({
      syntax: checked.syntax,
      output: checked.columns,
      tables: sandbox.tables,
      uris: tables,
      aggregates: await aggregatesOf(ctx),
    });
    if (unknown.length > 0)
      ctx.log.debug("the sources of some columns cannot be derived from the SQL", { columns: unknown });
    const output = await sandbox
      .writeTable("output_data", text, {
        parameters: given,
        lineage,
        verify: ({ rows }) => {
          if (rows === 0 && params.on_empty === "fail")
            throw new DatapyError({
              code: "SQL_TRANSFORM_EMPTY",
              exitCode: 20,
              message: "the query gives no rows",
              hint: "Check its conditions and its tables, or set on_empty: ok.",
            });
        },
      })
      .catch((error: unknown) => {
        throw writtenIn(params, error);
      });
    if (output.rows === 0 && params.on_empty === "warn") ctx.result.addWarning("the query gives no rows");
    ctx.result.addMetric("rows_read", await rowsOf(ctx, Object.values(tables)));
    ctx.result.addMetric("rows_output", output.rows);
    ctx.result.addMetric("columns_without_lineage", unknown.length);
    return ctx.result.success();
  },
});

/** Tables by name. Throws `SQL_TRANSFORM_TABLES` (20). */
function tablesOf(params: SqlTransformParameters): Record<string, string> {
  const tables: Record<string, string> = { ...params.input_artifacts };
  const names = Object.keys(tables);
  const twice = names.find((name, at) => names.findIndex((one) => one.toLowerCase() === name.toLowerCase()) !== at);
  const isTaken = params.input_artifact !== undefined && names.some((name) => name.toLowerCase() === "input");
  if (twice !== undefined || isTaken) {
    throw new DatapyError({
      code: "SQL_TRANSFORM_TABLES",
      exitCode: 20,
      message: `two tables are called ${JSON.stringify(twice ?? "input")}`,
      hint: "SQL takes no notice of upper and lower case in names; `input` is the name of input_artifact.",
    });
  }
  if (params.input_artifact !== undefined) tables["input"] = params.input_artifact;
  if (Object.keys(tables).length === 0) {
    throw new DatapyError({
      code: "SQL_TRANSFORM_TABLES",
      exitCode: 20,
      message: "there is no table to read",
      hint: "Name tables under input_artifacts: {orders: ./orders.parquet}, or give one as input_artifact.",
    });
  }
  return tables;
}

/** Throws `SQL_TRANSFORM_QUERY` (20). */
async function queryOf({ query, query_path: file }: SqlTransformParameters): Promise<string> {
  if ((query === undefined) === (file === undefined)) {
    throw new DatapyError({
      code: "SQL_TRANSFORM_QUERY",
      exitCode: 20,
      message: query === undefined ? "there is no query" : "both query and query_path are given",
      hint: "Give the SQL as query, or the path of a file that holds it as query_path.",
    });
  }
  if (file === undefined) return query ?? "";
  try {
    return (await readFile(file, "utf8")).replace(/^\ufeff/, "");
  } catch (cause) {
    throw new DatapyError({
      code: "SQL_TRANSFORM_QUERY",
      exitCode: 20,
      ...((cause as NodeJS.ErrnoException).code === "ENOENT"
        ? { message: `there is no file ${file}`, hint: missingFileHint(file) }
        : { message: `${file} cannot be read: ${(cause as Error).message}`, hint: "Check query_path and base_path." }),
      parameter: "query_path",
      cause,
    });
  }
}

/** A fault of the SQL with where that stands: in its file, or as the parameter. */
function writtenIn({ query_path: file }: SqlTransformParameters, error: unknown): unknown {
  if (!isDatapyError(error) || error.exitCode !== 20 || error.location !== undefined) return error;
  const { code, message, hint, exitCode, cause, position } = error;
  const isOfValues = code === "DATAPY_SANDBOX_PARAMETER";
  return new DatapyError({
    code,
    message,
    exitCode,
    cause,
    ...(hint === undefined ? {} : { hint }),
    ...(isOfValues
      ? { parameter: "parameters" }
      : file === undefined
        ? { parameter: "query", ...(position === undefined ? {} : { position }) }
        : { location: { file, ...position } }),
  });
}

async function aggregatesOf(ctx: ModContext<typeof artifacts>): Promise<Set<string>> {
  const found = await ctx.data.query<{ name: string }>(
    sql`select distinct lower(function_name) as name from duckdb_functions() where function_type = 'aggregate'`,
  );
  return new Set(found.map((row) => row.name));
}

async function rowsOf(ctx: ModContext<typeof artifacts>, files: readonly string[]): Promise<number> {
  let rows = 0;
  for (const file of new Set(files)) {
    const [row] = await ctx.data.query(sql`select count(*) as n from ${table(file)}`);
    rows += Number(row?.["n"]);
  }
  return rows;
}
