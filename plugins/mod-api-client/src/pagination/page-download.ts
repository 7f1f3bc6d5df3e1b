import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { once } from "node:events";
import { apiError } from "../api-errors.js";
import type { Authenticator } from "../auth/authenticator.js";
import type { ApiResponse, HttpClient } from "../http/http-client.js";
import { placeOf } from "../http/http-client.js";
import type { ApiParams } from "../params.js";
import type { PageRequest } from "./page-request.js";

/** A page that has been received whole: JSON as text, NDJSON as a file. */
export interface PageDownload {
  readonly request: PageRequest;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly content:
    | { readonly kind: "json"; readonly text: string }
    | { readonly kind: "ndjson"; readonly file: string }
    | { readonly kind: "nothing"; readonly pastEnd: boolean };
}

/** V8 holds no longer text. */
const MOST_TEXT_BYTES = 500_000_000;
const JSON_TYPE = /^(?:application|text)\/(?:[\w.+-]*\+)?json$/;
const NDJSON_TYPE = /^(?:application|text)\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-seq|json-lines)$/;

/** Receives one page. */
export async function downloadPage(
  client: HttpClient,
  params: ApiParams,
  auth: Authenticator,
  request: PageRequest,
  around: { readonly signal: AbortSignal; temporaryPath(name: string): string },
): Promise<PageDownload> {
  const endStatus =
    params.pagination !== undefined && "end_status" in params.pagination ? params.pagination.end_status : undefined;
  const method = params.method ?? (params.body === undefined && request.body === undefined ? "GET" : "POST");
  const headers = {
    accept: "application/json, application/x-ndjson;q=0.9, */*;q=0.1",
    ...(request.body === undefined ? {} : { "content-type": "application/json" }),
  };
  return client.send(
    {
      method,
      url: request.url,
      headers,
      body: request.body,
      auth,
      repeatable: true,
      accepts: (status) => status === endStatus,
    },
    async (response) => {
      const base = { request, url: response.url, headers: response.headers };
      if (response.status === 204 || response.status === endStatus) {
        await response.discard();
        return { ...base, content: { kind: "nothing", pastEnd: response.status === endStatus } };
      }
      const type = (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
      const isLines = params.format === "ndjson" || (params.format === "auto" && NDJSON_TYPE.test(type));
      if (isLines) {
        const file = around.temporaryPath(`page-${String(request.number)}.ndjson`);
        await toFile(response, file);
        return { ...base, content: { kind: "ndjson", file } };
      }
      const text = await toText(response, params, request);
      if (
        /^text\/html|^application\/xhtml|^(?:application|text)\/xml|^(?:image|video|audio)\//.test(type) ||
        (!JSON_TYPE.test(type) && /^\s*</.test(text))
      )
        throw apiError(
          "API_NOT_JSON",
          `${placeOf(request.url)} answered with ${type === "" ? "no content type" : type}, not JSON: ${text.replace(/\s+/g, " ").slice(0, 120)}`,
        );
      return { ...base, content: { kind: "json", text } };
    },
    around.signal,
  );
}

async function toText(response: ApiResponse, params: ApiParams, request: PageRequest): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.chunks()) {
    parts.push(chunk);
    size += chunk.length;
    if (size > MOST_TEXT_BYTES)
      throw apiError(
        "API_BODY_TOO_LARGE",
        `page ${String(request.number)} is larger than ${String(MOST_TEXT_BYTES)} bytes, the most that one JSON document may have`,
        {
          hint: "Ask for smaller pages, or for NDJSON, which has no such limit.",
        },
      );
  }
  const label = /charset="?([\w.:-]+)/i.exec(response.headers["content-type"] ?? "")?.[1] ?? "utf-8";
  let text: string;
  try {
    text = new TextDecoder(label, { fatal: true }).decode(Buffer.concat(parts));
  } catch (error) {
    throw apiError(
      "API_BAD_ENCODING",
      `page ${String(request.number)} of ${placeOf(request.url)} is no ${label} text`,
      { cause: error },
    );
  }
  // A body without a length that the connection's end alone bounds may have been cut without a sign of it.
  const isBounded =
    response.headers["content-length"] !== undefined || response.headers["transfer-encoding"] !== undefined;
  if (!isBounded && !/[\]}]\s*$/.test(text) && text.trim() !== "")
    throw apiError("API_BODY_CUT", `page ${String(request.number)} of ${placeOf(request.url)} ends too early`, {
      retryable: true,
    });
  return text;
}

async function toFile(response: ApiResponse, file: string): Promise<void> {
  const out = createWriteStream(file);
  try {
    for await (const chunk of response.chunks()) if (!out.write(chunk)) await once(out, "drain");
    out.end();
    await finished(out);
  } finally {
    out.destroy();
  }
}
