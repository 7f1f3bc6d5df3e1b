import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Envelope, ModContext } from "@datapy/mod-kit";
import { apiError } from "./api-errors.js";
import { placeOf } from "./http/http-client.js";
import { JsonFault, readJson } from "./json/json-reader.js";
import { parseJsonPath, valueAt } from "./json/json-path.js";
import { isJsonArray, isJsonObject, jsonText } from "./json/json-value.js";
import type { JsonValue } from "./json/json-value.js";
import { openClient } from "./open-client.js";
import { downloadPage } from "./pagination/page-download.js";
import type { PageDownload } from "./pagination/page-download.js";
import { baseUrl } from "./pagination/page-request.js";
import { paginatorOf } from "./pagination/paginator.js";
import type { PageRead } from "./pagination/paginator.js";
import { readPages } from "./pagination/read-pages.js";
import type { ApiParams } from "./params.js";
import { RecordTable } from "./table/record-table.js";
import { RowSpool } from "./table/row-spool.js";
import { writeRecords } from "./table/write-records.js";
import { moveWatermark, watermarkOf } from "./watermark.js";

/** Reads all pages into a spool, then writes the table: nothing appears before the last page has been read. */
export async function runRead(params: ApiParams, ctx: ModContext): Promise<Envelope> {
  const url = baseUrl(params);
  if (params.method !== undefined && params.method === "GET" && params.body !== undefined)
    throw apiError("API_BAD_PARAMETERS", "`body` is given, but `method` is GET");
  const watermark = await watermarkOf(params, ctx, url);
  const spool = await RowSpool.create(ctx.data.temporaryPath("records.ndjson"));
  const opened = await openClient(params, ctx).catch(async (error: unknown) => {
    await spool.close();
    throw error;
  });
  const { client, auth } = opened;
  try {
    const records = new RecordTable(params, spool);
    const paginator = paginatorOf({ params, url, values: watermark?.values ?? [] });
    let digest = "";
    const pages = await readPages(paginator, {
      concurrency: params.concurrency,
      maxPages: params.max_pages,
      signal: ctx.signal,
      download: (request, signal) =>
        downloadPage(client, params, auth, request, { signal, temporaryPath: (name) => ctx.data.temporaryPath(name) }),
      read: async (download) => {
        spool.beginPage();
        const page = await readPage(params, download, records, spool);
        const own = spool.pageDigest();
        if (paginator.ahead !== undefined && page.records > 0 && own === digest)
          throw apiError(
            "API_PAGINATION_LOOP",
            `page ${String(page.request.number)} of ${placeOf(url)} holds the very records of the page before`,
          );
        digest = own;
        ctx.progress(spool.rows, paginator.total, "rows");
        return page;
      },
    });
    await spool.flush();
    if (paginator.neverFollowed && pages === 1 && spool.rows > 0)
      ctx.log.warn("the first page leads to no other; was `pagination` meant so?", {
        pagination: params.pagination?.type,
      });
    if (paginator.total !== undefined && paginator.total !== spool.rows)
      ctx.result.addWarning(
        `the API told of ${String(paginator.total)} records and gave ${String(spool.rows)}: they changed while they were read, or some were not given`,
      );
    if (watermark !== undefined) await moveWatermark(params, ctx, watermark, spool);
    await finish(params, ctx, { records, spool, uri: placeOf(url) });
    ctx.result.addMetric("pages_read", pages);
    ctx.result.addMetric("requests", client.counts.requests);
    ctx.result.addMetric("retries", client.counts.retries);
    ctx.result.addMetric("bytes_read", client.counts.bytes);
    return ctx.result.success();
  } finally {
    await spool.close();
    await opened.close();
  }
}

async function finish(
  params: ApiParams,
  ctx: ModContext,
  source: { readonly records: RecordTable; readonly spool: RowSpool; readonly uri: string },
): Promise<void> {
  const { records, spool, uri } = source;
  if (spool.rows === 0) {
    const message = `${uri} gave no records`;
    if (params.on_empty === "fail") throw apiError("API_NO_ROWS", message);
    if (params.on_empty === "warn") ctx.result.addWarning(message);
  }
  const columns = records.columns();
  let rows = 0;
  let rejected = 0;
  if (columns.length > 0) {
    const written = await writeRecords(ctx, params, { spool, columns, uri });
    rows = written.table.rows;
    rejected = written.rejected;
    ctx.result.addDataset({
      role: "input",
      uri,
      columns: written.table.columns.map(({ name, type }) => ({ name, type })),
      rows: spool.rows,
    });
    const asText = columns
      .filter((one) => one.declared === undefined && one.shape.isNumberAsText)
      .map((one) => one.name);
    if (asText.length > 0)
      ctx.result.addWarning(
        `the numbers of ${asText.join(", ")} have more digits than any numeric type keeps; they are text`,
      );
    if (spool.rows > 0 && records.unmet.length > 0) {
      // No warning of the run: some APIs leave out what is empty.
      ctx.log.warn("no record has a value for these columns, which are NULL throughout; check their paths", {
        columns: Object.fromEntries(records.unmet.map(({ name, source }) => [name, source])),
      });
    }
  } else if (spool.rows > 0)
    throw apiError("API_COLUMN_CLASH", `${String(spool.rows)} records of ${uri} have no field at all`);
  else if (params.on_empty !== "fail")
    ctx.result.addWarning(`${uri} gave no records and \`columns\` is not set, so that there is no table`);
  ctx.result.addMetric("rows_read", spool.rows);
  ctx.result.addMetric("rows_processed", spool.rows);
  ctx.result.addMetric("rows_output", rows);
  ctx.result.addMetric("rows_rejected", rejected);
}

async function readPage(
  params: ApiParams,
  download: PageDownload,
  records: RecordTable,
  spool: RowSpool,
): Promise<PageRead> {
  const { content, request, url, headers } = download;
  const before = spool.rows;
  let document: JsonValue = null;
  if (content.kind === "json") document = readDocument(params, download, content.text, records);
  if (content.kind === "ndjson") await readLines(content.file, download, records, spool);
  if (spool.isFull) await spool.flush();
  const pastEnd = content.kind === "nothing" && content.pastEnd;
  return { request, url, headers, document, records: spool.rows - before, pastEnd };
}

function readDocument(params: ApiParams, { request }: PageDownload, text: string, records: RecordTable): JsonValue {
  const place = `page ${String(request.number)} of ${placeOf(request.url)}`;
  const path = params.records_path === undefined ? [] : parseJsonPath(params.records_path, "records_path");
  const held: JsonValue[] = [];
  const isImplicit = params.records_path === undefined;
  let read;
  try {
    // Without a path an object is not taken for a record: its records are most likely inside of it.
    read = readJson(text, {
      path,
      record: (value) => {
        if (isImplicit && held.length === 0 && isJsonObject(value) && /^\s*\{/.test(text)) held.push(value);
        else records.add(request.number, value);
      },
    });
  } catch (error) {
    throw jsonError(error, text, place);
  }
  const { document, found, misfit } = read;
  if (params.error_path !== undefined) {
    const said = valueAt(document, parseJsonPath(params.error_path, "error_path"));
    if (
      said !== undefined &&
      said !== null &&
      said !== false &&
      said !== "" &&
      !(isJsonArray(said) && said.length === 0)
    )
      throw apiError("API_ERROR_ANSWER", `${place}: ${jsonText(said).slice(0, 300)}`);
  }
  if (held.length > 0 || misfit !== undefined || (!found && !params.records_optional)) {
    const keys = isJsonObject(document)
      ? `its fields are ${[...document.keys()].slice(0, 30).join(", ")}`
      : "it is no object";
    const what = isImplicit ? "is no list" : `has no list at ${String(params.records_path)}`;
    throw apiError("API_NO_RECORDS", `${place} ${what}; ${keys}`);
  }
  return document;
}

async function readLines(
  file: string,
  { request }: PageDownload,
  records: RecordTable,
  spool: RowSpool,
): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const lines = createInterface({ input: createReadStream(file, { encoding: "latin1" }), crlfDelay: Infinity });
  let number = 0;
  for await (const raw of lines) {
    number += 1;
    const place = `line ${String(number)} of page ${String(request.number)} of ${placeOf(request.url)}`;
    let line: string;
    try {
      line = decoder.decode(Buffer.from(raw, "latin1"));
    } catch (error) {
      throw apiError("API_BAD_ENCODING", `${place} is no UTF-8`, { cause: error });
    }
    // A record separator begins each text of a JSON sequence (RFC 7464).
    line = line.replace(/^\u001e/, "").trim();
    if (line === "") continue;
    try {
      records.add(request.number, readJson(line).document);
    } catch (error) {
      throw jsonError(error, line, place);
    }
    if (spool.isFull) await spool.flush();
  }
  await rm(file, { force: true });
}

function jsonError(error: unknown, text: string, place: string): unknown {
  if (!(error instanceof JsonFault)) return error;
  const before = text.slice(0, error.offset);
  const line = before.split("\n").length;
  const column = error.offset - before.lastIndexOf("\n");
  const near = text.slice(Math.max(0, error.offset - 30), error.offset + 30).replace(/\s+/g, " ");
  const empty =
    text.trim() === ""
      ? "it is empty"
      : `${error.message}, line ${String(line)}, column ${String(column)}, near ${JSON.stringify(near)}`;
  return apiError("API_BAD_JSON", `${place} is not JSON: ${empty}`, { cause: error });
}
