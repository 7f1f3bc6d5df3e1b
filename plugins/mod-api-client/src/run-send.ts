import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join, literal, ident, sql, table } from "@datapy/mod-kit";
import type { Column, Envelope, ModContext } from "@datapy/mod-kit";
import { apiError } from "./api-errors.js";
import { placeOf } from "./http/http-client.js";
import { openClient } from "./open-client.js";
import { baseUrl } from "./pagination/page-request.js";
import type { ApiParams } from "./params.js";
import { sendBatch } from "./send/send-batch.js";
import type { Batch, BatchOutcome } from "./send/send-batch.js";
import { mayHoldNonFinite, nonFinite, rowJson } from "./send/row-json.js";

/** Rows that an endpoint took, and those that it did not or may not have. */
class SendTally {
  rows = 0;
  accepted = 0;
  refused = 0;
  unknown = 0;
  batches = 0;
  first: string | undefined;

  /** Of rows that did not arrive. */
  get failed(): number {
    return this.refused + this.unknown;
  }
}

/** Sends a table to an endpoint in batches, in its order, one at a time. */
export async function runSend(params: ApiParams, ctx: ModContext): Promise<Envelope> {
  const { input_artifact: input } = params;
  if (input === undefined) throw apiError("API_BAD_PARAMETERS", "`mode` is send, but there is no `input_artifact`");
  if (params.method === "GET") throw apiError("API_BAD_PARAMETERS", "`mode` is send, but `method` is GET");
  if (params.body_format === "object" && params.batch_size !== 1)
    throw apiError(
      "API_BAD_PARAMETERS",
      `body_format: object sends one row at a time, but batch_size is ${String(params.batch_size)}`,
      { hint: "Set `batch_size: 1`." },
    );
  if (params.body_format === "ndjson" && params.body_key !== undefined)
    throw apiError("API_BAD_PARAMETERS", "body_key is given, but NDJSON has no place for it");
  const url = baseUrl(params);
  const columns = await ctx.data.describe(sql`select * from ${table(input)}`);
  await refuseNonFinite(ctx, input, columns);
  const [counted] = await ctx.data.query<{ total: bigint }>(sql`select count(*) as total from ${table(input)}`);
  const total = Number(counted?.total ?? 0);
  const tally = new SendTally();
  const opened = await openClient(params, ctx);
  const { client, auth } = opened;
  const failedFile = ctx.data.temporaryPath("failed.ndjson");
  const failed = await open(failedFile, "w");
  try {
    for await (const batch of batchesOf(params, ctx, input, columns)) {
      const outcome = await sendBatch(client, params, auth, url, batch);
      await note(tally, batch, outcome, failed);
      refuse(params, tally, batch, outcome, total);
      ctx.progress(tally.rows, total, "rows");
    }
  } finally {
    await failed.close();
    await opened.close();
  }
  if (tally.rows !== total || tally.accepted + tally.failed !== total)
    throw apiError(
      "API_ROWS_UNRECONCILED",
      `the table has ${String(total)} rows, but ${String(tally.accepted)} were taken and ${String(tally.failed)} were not`,
    );
  if (tally.failed > 0) await setAside(ctx, input, columns, failedFile, tally);
  const uri = placeOf(url);
  ctx.result.addDataset({
    role: "output",
    uri,
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: tally.accepted,
    lineage: Object.fromEntries(
      columns.map(({ name }) => [name, [{ uri: input, column: name, change: "identity" as const }]]),
    ),
  });
  if (total === 0) {
    if (params.on_empty === "fail") throw apiError("API_NO_ROWS", `${input} has no rows to send`);
    if (params.on_empty === "warn") ctx.result.addWarning(`${input} has no rows to send`);
  }
  ctx.result.addMetric("rows_read", total);
  ctx.result.addMetric("rows_processed", total);
  ctx.result.addMetric("rows_output", tally.accepted);
  ctx.result.addMetric("rows_rejected", tally.failed);
  ctx.result.addMetric("rows_unknown", tally.unknown);
  ctx.result.addMetric("batches_sent", tally.batches);
  ctx.result.addMetric("requests", client.counts.requests);
  ctx.result.addMetric("retries", client.counts.retries);
  return ctx.result.success();
}

async function refuseNonFinite(ctx: ModContext, input: string, columns: readonly Column[]): Promise<void> {
  const condition = nonFinite(columns);
  if (condition === undefined) return;
  const [row] = await ctx.data.query<{ row: bigint }>(
    sql`select row_number as ${ident("row")} from (select *, row_number() over () as row_number from ${table(input)}) where ${condition} limit 1`,
  );
  if (row !== undefined)
    throw apiError(
      "API_BAD_VALUE",
      `row ${String(row.row)} of ${input} holds NaN or an infinite number, which JSON does not have; nothing was sent`,
      { hint: "Replace such values before this step." },
    );
}

async function* batchesOf(
  params: ApiParams,
  ctx: ModContext,
  input: string,
  columns: readonly Column[],
): AsyncGenerator<Batch> {
  const isToCheck = mayHoldNonFinite(columns);
  let rows: string[] = [];
  let number = 0;
  let sent = 0;
  const next = (): Batch => {
    const batch = { number: (number += 1), firstRow: sent + 1, rows };
    sent += rows.length;
    rows = [];
    return batch;
  };
  for await (const chunk of ctx.data.batches(sql`select ${rowJson(columns)} as ${ident("row")} from ${table(input)}`)) {
    for (const text of chunk.columns[0] ?? []) {
      if (typeof text !== "string") continue;
      if (isToCheck) refuseNoJson(text, sent + rows.length + 1, input);
      rows.push(text);
      if (rows.length >= params.batch_size) yield next();
    }
  }
  if (rows.length > 0) yield next();
}

function refuseNoJson(text: string, row: number, input: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw apiError(
      "API_BAD_VALUE",
      `row ${String(row)} of ${input} holds NaN or an infinite number inside of a list or structure, which JSON does not have`,
      { cause },
    );
  }
}

async function note(tally: SendTally, batch: Batch, outcome: BatchOutcome, failed: FileHandle): Promise<void> {
  const size = batch.rows.length;
  tally.batches += 1;
  tally.rows += size;
  if (outcome.kind === "accepted") {
    tally.accepted += size;
    return;
  }
  const lines: string[] = [];
  const add = (index: number, kind: string, message: string): void => {
    lines.push(JSON.stringify({ r: batch.firstRow + index, b: batch.number, o: kind, m: message }));
    tally.first ??= `row ${String(batch.firstRow + index)}: ${message}`;
  };
  if (outcome.kind === "partly") {
    tally.refused += outcome.refused.size;
    tally.accepted += size - outcome.refused.size;
    for (const [index, message] of [...outcome.refused].sort(([a], [b]) => a - b)) add(index, "refused", message);
  } else {
    tally[outcome.kind] += size;
    for (let index = 0; index < size; index += 1) add(index, outcome.kind, outcome.error.message);
  }
  await failed.writeFile(`${lines.join("\n")}\n`);
}

/** Ends the run when rows that failed are not to be set aside, or are too many. Says exactly how far it came. */
function refuse(params: ApiParams, tally: SendTally, batch: Batch, outcome: BatchOutcome, total: number): void {
  if (outcome.kind === "accepted") return;
  const tooMany = params.max_bad_rows !== undefined && tally.failed > params.max_bad_rows;
  // Without credentials that work, or a server, the next batch fares no better.
  const hopeless =
    "error" in outcome &&
    ["API_AUTH_FAILED", "API_UNREACHABLE", "API_FOREIGN_URL", "API_ADDRESS_REFUSED"].includes(outcome.error.code);
  if (params.on_bad_row === "quarantine" && !tooMany && !hopeless) return;
  const last = batch.firstRow + batch.rows.length - 1;
  const span = `batch ${String(batch.number)} (rows ${String(batch.firstRow)} to ${String(last)})`;
  const what =
    outcome.kind === "partly"
      ? `${String(outcome.refused.size)} rows of ${span} were refused, the others taken; refused: ${[...outcome.refused]
          .slice(0, 5)
          .map(([index, message]) => `row ${String(batch.firstRow + index)} (${message.slice(0, 120)})`)
          .join(", ")}${outcome.refused.size > 5 ? ", …" : ""}`
      : outcome.kind === "refused"
        ? `${span} was refused: ${outcome.error.message}`
        : `nobody knows whether ${span} was taken: ${outcome.error.message}`;
  const before = batch.firstRow - 1;
  const taken = before - (tally.failed - failedIn(outcome, batch));
  const earlier = before === 0 ? "" : `; of the ${String(before)} rows before it ${String(taken)} were taken`;
  const later = last < total ? `; rows ${String(last + 1)} to ${String(total)} were not sent` : "";
  throw apiError(
    tooMany && params.on_bad_row === "quarantine" ? "API_BAD_ROWS" : "API_SEND_FAILED",
    `${what}${earlier}${later}`,
    "error" in outcome ? { cause: outcome.error } : {},
  );
}

function failedIn(outcome: BatchOutcome, batch: Batch): number {
  return outcome.kind === "partly" ? outcome.refused.size : batch.rows.length;
}

async function setAside(
  ctx: ModContext,
  input: string,
  columns: readonly Column[],
  file: string,
  tally: SendTally,
): Promise<void> {
  const names = ["row_number", "batch_number", "outcome", "message"];
  const own = names.map((name) => {
    let free = name;
    while (columns.some((column) => column.name.toLowerCase() === free)) free = `_${free}`;
    return free;
  });
  const [row = "", batch = "", outcome = "", message = ""] = own;
  const written = await ctx.data.writeTable(
    "quarantine",
    sql`select f.r as ${ident(row)}, f.b as ${ident(batch)}, f.o as ${ident(outcome)}, f.m as ${ident(message)}, ${join(columns.map(({ name }) => ident("t", name)))}
        from read_json(${literal(file)}, format = 'newline_delimited', columns = {'r': 'BIGINT', 'b': 'BIGINT', 'o': 'VARCHAR', 'm': 'VARCHAR'}) as f
        join (select *, row_number() over () as ${ident("#")} from ${table(input)}) as t on t.${ident("#")} = f.r order by f.r`,
  );
  if (written.rows !== tally.failed)
    throw apiError(
      "API_ROWS_UNRECONCILED",
      `${String(tally.failed)} rows failed, but ${String(written.rows)} were set aside`,
    );
  const unknown = tally.unknown > 0 ? `, of ${String(tally.unknown)} of which nobody knows whether they arrived` : "";
  ctx.result.addWarning(
    `${String(tally.failed)} of ${String(tally.rows)} rows did not arrive${unknown}; set aside: ${written.uri} (first: ${tally.first ?? ""})`,
  );
}
