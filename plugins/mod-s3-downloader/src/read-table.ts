import { join, literal, sql } from "@datapy/mod-kit";
import type { ColumnLineage, Sql, TableArtifact } from "@datapy/mod-kit";
import { locationUri, showLocation, storageFault } from "@datapy/object-storage";
import type { ObjectInfo } from "@datapy/object-storage";
import type { DownloadContext } from "./download-context.js";

/** An object that stands in a temporary file. */
export interface FetchedObject {
  readonly info: ObjectInfo;
  readonly file: string;
}

/** Sources of a column that are named in the ledger. */
const MOST_SOURCES = 20;

/** What kind of data a key holds. Throws `S3_INPUT_INVALID` for what is no table. */
export function tableFormat(key: string): "parquet" | "json" {
  if (/\.(?:parquet|pq)$/i.test(key)) return "parquet";
  if (/\.(?:json|ndjson|jsonl)(?:\.(?:gz|zst))?$/i.test(key)) return "json";
  throw storageFault(
    "S3_INPUT_INVALID",
    { reason: `${JSON.stringify(key)} is neither Parquet nor JSON, which \`output: table\` reads` },
    { hint: "Download other objects as files (`output: files`), and read them with csv-reader or another reader." },
  );
}

/**
 * Reads the objects into `output_data`. Objects whose columns differ are refused unless `unionByName`: DuckDB would leave out what the first
 * of them does not have.
 */
export async function readTable(
  ctx: DownloadContext,
  objects: readonly FetchedObject[],
  unionByName: boolean,
): Promise<TableArtifact> {
  const [first] = objects;
  if (first === undefined) throw storageFault("S3_EMPTY", { reason: "there is no object to make a table of" });
  const format = tableFormat(first.info.key);
  const other = objects.find((one) => tableFormat(one.info.key) !== format);
  if (other !== undefined)
    throw storageFault("S3_INPUT_INVALID", {
      reason: `one table cannot be made of ${first.info.key} and ${other.info.key}`,
    });
  if (!unionByName) await requireSameColumns(ctx, objects, format);
  const source = scan(
    format,
    objects.map((one) => one.file),
    unionByName,
  );
  const columns = await ctx.data.describe(sql`select * from ${source}`);
  const sources = objects.slice(0, MOST_SOURCES).map((one) => locationUri(one.info));
  const lineage: ColumnLineage = Object.fromEntries(
    columns.map((column) => [column.name, sources.map((uri) => ({ uri, column: column.name }))]),
  );
  return ctx.data.writeTable("output_data", sql`select * from ${source}`, { lineage });
}

function scan(format: "parquet" | "json", files: readonly string[], unionByName: boolean): Sql {
  const list = sql`[${join(files.map((file) => literal(file)))}]`;
  const union = literal(unionByName);
  return format === "parquet"
    ? sql`read_parquet(${list}, hive_partitioning = false, union_by_name = ${union})`
    : sql`read_json(${list}, hive_partitioning = false, union_by_name = ${union}, sample_size = -1, maximum_object_size = 268435456)`;
}

async function requireSameColumns(
  ctx: DownloadContext,
  objects: readonly FetchedObject[],
  format: "parquet" | "json",
): Promise<void> {
  const describe = async ({ file }: FetchedObject): Promise<string[]> =>
    (await ctx.data.describe(sql`select * from ${scan(format, [file], false)}`))
      .map(({ name, type }) => (format === "json" ? name : `${name} ${type}`))
      .sort();
  const [first, ...others] = objects;
  if (first === undefined) return;
  const expected = await describe(first);
  for (const one of others) {
    const columns = await describe(one);
    const differ = [
      ...expected.filter((column) => !columns.includes(column)),
      ...columns.filter((column) => !expected.includes(column)),
    ];
    if (differ.length > 0)
      throw storageFault(
        "S3_INPUT_INVALID",
        {
          reason: `${showLocation(first.info)} and ${showLocation(one.info)} differ in the columns ${differ.join(", ")}`,
        },
        { hint: "Set `union_by_name: true` to have missing values become NULL." },
      );
  }
}
