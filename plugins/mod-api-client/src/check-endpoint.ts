import type { ModContext } from "@datapy/mod-kit";
import { openClient } from "./open-client.js";
import { baseUrl } from "./pagination/page-request.js";
import { paginatorOf } from "./pagination/paginator.js";
import type { ApiParams } from "./params.js";

/** Asks for the first page and reads no more than its status. An endpoint that is sent to is asked with `HEAD`, which changes nothing there. */
export async function checkEndpoint(params: ApiParams, ctx: ModContext): Promise<void> {
  const url = baseUrl(params);
  const opened = await openClient({ ...params, max_retries: Math.min(1, params.max_retries) }, ctx);
  const { client, auth } = opened;
  try {
    const isSend = params.mode === "send";
    const { body, url: first } = isSend ? { body: undefined, url } : paginatorOf({ params, url, values: [] }).first();
    const method = isSend ? "HEAD" : (params.method ?? (body === undefined ? "GET" : "POST"));
    const headers = { accept: "*/*", ...(body === undefined ? {} : { "content-type": "application/json" }) };
    await client.send(
      // Many endpoints that take a POST know no HEAD; that they answer is what matters.
      {
        method,
        url: first,
        headers,
        body,
        auth,
        repeatable: true,
        accepts: (status) => isSend && [400, 404, 405, 501].includes(status),
      },
      (response) => response.discard(),
    );
  } finally {
    await opened.close();
  }
}
