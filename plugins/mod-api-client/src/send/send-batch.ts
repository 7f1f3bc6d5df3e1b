import { createHash } from "node:crypto";
import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import { apiError } from "../api-errors.js";
import type { Authenticator } from "../auth/authenticator.js";
import type { HttpClient } from "../http/http-client.js";
import { placeOf, statusOf } from "../http/http-client.js";
import { parseJsonPath, valueAt } from "../json/json-path.js";
import { readJson } from "../json/json-reader.js";
import { isJsonArray, isJsonObject, jsonText, scalarText } from "../json/json-value.js";
import type { JsonValue } from "../json/json-value.js";
import type { ApiParams } from "../params.js";

/** Rows of one request. */
export interface Batch {
  /** Counts from 1. */
  readonly number: number;
  /** Number of its first row in the table, from 1. */
  readonly firstRow: number;
  /** JSON objects. */
  readonly rows: readonly string[];
}

/** What became of a batch. `unknown`: nobody can tell whether it arrived. */
export type BatchOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "partly"; readonly refused: ReadonlyMap<number, string> }
  | { readonly kind: "refused" | "unknown"; readonly error: DatapyError };

/** Sends one batch. Never throws for what the endpoint says; only for faults of parameters, and when the run ends. */
export async function sendBatch(
  client: HttpClient,
  params: ApiParams,
  auth: Authenticator,
  url: URL,
  batch: Batch,
): Promise<BatchOutcome> {
  const body = bodyOf(params, batch.rows);
  const method = params.method ?? "POST";
  const isLines = params.body_format === "ndjson";
  const headers: Record<string, string> = {
    accept: "application/json, */*;q=0.1",
    "content-type": isLines ? "application/x-ndjson" : "application/json",
  };
  const keyHeader = params.idempotency_header.toLowerCase();
  // The number is part of the key: two batches of the same content are two.
  if (keyHeader !== "")
    headers[keyHeader] = createHash("sha256")
      .update(`${method} ${url.href}\n${String(batch.number)}\n${body}`)
      .digest("hex")
      .slice(0, 32);
  try {
    const answer = await client.send(
      { method, url, headers, body, auth, repeatable: params.repeat_unknown || method === "PUT" },
      async (response) => {
        const parts: Buffer[] = [];
        for await (const chunk of response.chunks()) parts.push(chunk);
        return { status: response.status, text: Buffer.concat(parts).toString("utf8") };
      },
    );
    return outcomeOf(params, url, batch, answer);
  } catch (error) {
    client.options.signal.throwIfAborted();
    if (!isDatapyError(error)) throw error;
    return { kind: isCertain(error) ? "refused" : "unknown", error };
  }
}

function bodyOf(params: ApiParams, rows: readonly string[]): string {
  if (params.body_format === "ndjson") return `${rows.join("\n")}\n`;
  const content = params.body_format === "object" ? (rows[0] ?? "{}") : `[${rows.join(",")}]`;
  return params.body_key === undefined ? content : `{${JSON.stringify(params.body_key)}:${content}}`;
}

/** What the endpoint has refused, or what never reached it, is certain not to have been taken. */
function isCertain(error: DatapyError): boolean {
  if (
    ["API_AUTH_FAILED", "API_UNREACHABLE", "API_FOREIGN_URL", "API_ADDRESS_REFUSED", "API_BAD_PARAMETERS"].includes(
      error.code,
    )
  )
    return true;
  const status = statusOf(error);
  return status !== undefined && (status === 503 || (status >= 300 && status < 500 && status !== 408));
}

function outcomeOf(
  params: ApiParams,
  url: URL,
  batch: Batch,
  answer: { readonly status: number; readonly text: string },
): BatchOutcome {
  const path = params.row_errors_path;
  if (path === undefined) {
    if (answer.status !== 207) return { kind: "accepted" };
    const error = apiError(
      "API_SEND_FAILED",
      `${placeOf(url)} answered 207, which tells of each row, but \`row_errors_path\` is not set`,
    );
    return { kind: "unknown", error };
  }
  let document: JsonValue = null;
  if (answer.text.trim() !== "") {
    try {
      document = readJson(answer.text).document;
    } catch (cause) {
      const error = apiError(
        "API_BAD_JSON",
        `${placeOf(url)} answered ${String(answer.status)} with what is not JSON, so that nobody knows which rows it took`,
        { cause },
      );
      return { kind: "unknown", error };
    }
  }
  const list = valueAt(document, parseJsonPath(path, "row_errors_path"));
  if (list === undefined || list === null || (isJsonArray(list) && list.length === 0)) return { kind: "accepted" };
  const refused = new Map<number, string>();
  const indexPath = parseJsonPath(params.row_error_index, "row_error_index");
  const messagePath = parseJsonPath(params.row_error_message, "row_error_message");
  for (const one of isJsonArray(list) ? list : [list]) {
    const index = Number(scalarText(valueAt(one, indexPath)) ?? Number.NaN);
    if (!Number.isInteger(index) || index < 0 || index >= batch.rows.length) {
      const error = apiError(
        "API_SEND_FAILED",
        `${placeOf(url)} refused a row, but does not say which at ${params.row_error_index}: ${jsonText(one).slice(0, 200)}`,
      );
      return { kind: "unknown", error };
    }
    const said = valueAt(one, messagePath);
    refused.set(
      index,
      (said === undefined ? jsonText(one) : (scalarText(said) ?? (isJsonObject(said) ? jsonText(said) : ""))).slice(
        0,
        1_000,
      ),
    );
  }
  return { kind: "partly", refused };
}
