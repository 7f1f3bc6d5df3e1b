import { createReadStream, createWriteStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { ident, isKnownType, join, literal, sql, strictCast, table } from "@datapy/mod-kit";
import type { Column, ModContext, Sql } from "@datapy/mod-kit";
import { isStorageUri, locationUri, parseStorageUri, storageFault } from "@datapy/object-storage";
import type { FileSource } from "@datapy/object-storage";
import { csvShape } from "./csv-shape.js";
import type { QualityParams } from "./params.js";
import { qualityError } from "./quality-error.js";

/** The data to check. */
export interface Source {
  /** For `from`. */
  readonly relation: Sql;
  readonly columns: readonly Column[];
  /** For people. */
  readonly uri: string;
  /** For lineage. */
  readonly datasetUri: string;
  /** Name in history. */
  readonly dataset: string;
}

/** A file by the name that its user knows it by, and by where it can be read. */
interface NamedFile {
  readonly name: string;
  readonly local: string;
}

/** Opens table or file. Throws `QUALITY_BAD_PARAMETERS`, `QUALITY_BAD_INPUT`, and what {@link localFile} throws. */
export async function openSource(params: QualityParams, ctx: ModContext, files: FileSource): Promise<Source> {
  const { input_artifact: artifact, input_path: file } = params;
  if ((artifact === undefined) === (file === undefined))
    throw qualityError("QUALITY_BAD_PARAMETERS", "either `input_artifact` or `input_path` is needed, and not both");
  const named = artifact === undefined ? await localFile(file ?? "", files) : { name: artifact, local: artifact };
  const uri = named.name;
  const relation = artifact === undefined ? await fileRelation(named, params, ctx) : table(artifact);
  let columns: readonly Column[];
  try {
    columns = await ctx.data.describe(sql`select * from ${relation}`);
  } catch (cause) {
    ctx.signal.throwIfAborted();
    throw qualityError("QUALITY_BAD_INPUT", `${uri} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const datasetUri = isStorageUri(uri) ? locationUri(parseStorageUri(uri)) : uri;
  return { relation, columns, uri, datasetUri, dataset: params.dataset ?? datasetOf(uri) };
}

/** Fetches a file that stands in a store. Throws `QUALITY_BAD_INPUT` for an address of several, `S3_OBJECT_MISSING` and other `S3_…`. */
export async function localFile(input: string, files: FileSource): Promise<NamedFile> {
  if (!isStorageUri(input)) return { name: input, local: input };
  const found = await files.find(input);
  const [only] = found;
  if (only === undefined) throw storageFault("S3_OBJECT_MISSING", { what: input });
  if (found.length > 1) {
    const some = found.slice(0, 3).map((one) => one.uri);
    throw qualityError(
      "QUALITY_BAD_INPUT",
      `${input} names ${String(found.length)} objects, one is needed: ${some.join(", ")}${found.length > 3 ? ", …" : ""}`,
      { hint: "Name one of them, or read them into one table first." },
    );
  }
  return { name: only.uri, local: await only.local() };
}

/** `…/artifacts/<session>/csv-reader_1a2b3c4d/output_data.parquet` is `csv-reader/output_data` in every run. */
function datasetOf(uri: string): string {
  const parts = uri.split(/[\\/]/);
  const base = (parts.at(-1) ?? "").replace(/\.[a-z0-9]+$/i, "");
  const step = (parts.at(-2) ?? "").replace(/_[0-9a-f]{8}$/, "");
  return parts.at(-4) === "artifacts" ? `${step}/${base}` : base;
}

async function fileRelation(file: NamedFile, params: QualityParams, ctx: ModContext): Promise<Sql> {
  switch (path.extname(file.name).toLowerCase()) {
    case ".parquet":
      return table(file.local);
    case ".json":
    case ".ndjson":
    case ".jsonl":
      return sql`read_json(${literal(file.local)}, sample_size = -1)`;
    case ".csv":
    case ".tsv":
    case ".txt":
      return csvRelation(file, params, ctx);
    default:
      throw qualityError("QUALITY_BAD_INPUT", `${file.name} has no extension that tells its format`, {
        hint: "Known are .parquet, .csv, .tsv, .txt, .json, .ndjson and .jsonl.",
      });
  }
}

/** Every record must have the fields of the header: that is looked at first, since DuckDB lets some others pass. */
async function csvRelation(file: NamedFile, params: QualityParams, ctx: ModContext): Promise<Sql> {
  const isTabbed = path.extname(file.name).toLowerCase() === ".tsv" && params.delimiter === ",";
  const delimiter = isTabbed ? "\t" : params.delimiter;
  const { signal } = ctx;
  const shape = await csvShape(file.local, { name: file.name, delimiter, skipLast: params.skip_last_lines, signal });
  let source = file.local;
  if (params.skip_last_lines > 0) {
    source = ctx.data.temporaryPath("without-trailer.csv");
    // With no end before the first byte, the stream would give all of it.
    const head = createReadStream(file.local, { end: Math.max(0, shape.end - 1), signal });
    await pipeline(head, createWriteStream(source));
  }
  const columns = join(shape.header.map((name) => sql`${literal(name)}: 'VARCHAR'`));
  const rows = ctx.data.temporaryPath("rows.parquet");
  let read: number;
  try {
    await ctx.data.execute(sql`
      copy (select * from read_csv(${literal(source)}, columns = {${columns}}, delim = ${literal(delimiter)}, quote = '"', escape = '"', header = true,
        auto_detect = false, strict_mode = true, nullstr = '', max_line_size = 16777216)) to ${literal(rows)} (format parquet)`);
    const [counted] = await ctx.data.query<{ n: bigint }>(sql`select count(*) as n from ${table(rows)}`);
    read = Number(counted?.n ?? 0);
  } catch (cause) {
    ctx.signal.throwIfAborted();
    throw qualityError("QUALITY_BAD_INPUT", `${file.name}: ${(cause as Error).message}`, { cause });
  }
  if (read !== shape.rows)
    throw qualityError(
      "QUALITY_BAD_INPUT",
      `${file.name} has ${String(shape.rows)} rows, but ${String(read)} could be read`,
    );
  return typed(rows, params, ctx);
}

async function typed(file: string, params: QualityParams, ctx: ModContext): Promise<Sql> {
  const known = await ctx.data.describe(sql`select * from ${table(file)}`);
  const bad: Sql[] = [];
  const cells = known.map(({ name }) => {
    const type = params.columns[name];
    if (type === undefined) return ident(name);
    if (!isKnownType(type))
      throw qualityError("QUALITY_BAD_PARAMETERS", `columns.${name}: ${JSON.stringify(type)} is not a type`);
    const cast = strictCast(ident(name), "VARCHAR", { type });
    bad.push(sql`case when ${cast.bad} then ${literal(name)} end`);
    return sql`${cast.value} as ${ident(name)}`;
  });
  const stray = Object.keys(params.columns).find((name) => !known.some((one) => one.name === name));
  if (stray !== undefined)
    throw qualityError("QUALITY_BAD_PARAMETERS", `columns: there is no column ${JSON.stringify(stray)}`);
  if (bad.length > 0) {
    const [row] = await ctx.data.query<{ row: bigint; name: string }>(
      sql`select n as ${ident("row")}, name from (select row_number() over () as n, coalesce(${join(bad)}) as name from ${table(file)}) where name is not null limit 1`,
    );
    if (row !== undefined)
      throw qualityError(
        "QUALITY_BAD_INPUT",
        `row ${String(row.row)}: the value of ${row.name} does not fit ${params.columns[row.name] ?? ""}`,
      );
  }
  return sql`(select ${join(cells)} from ${table(file)})`;
}
