import http from "node:http";
import type { AddressInfo } from "node:net";

/** A request on its way. */
export interface Passing {
  readonly method: string;
  readonly url: URL;
  /** Number of the part that is sent, or `undefined`. */
  readonly part: number | undefined;
  /** Number of this request among those that the same rule took, from 1. */
  readonly count: number;
}

/** What happens to a request or to its answer. */
export type Fault =
  /** Answer this instead of asking the store. */
  | { readonly status: number; readonly code: string }
  /** Hang up: before the request reaches the store, or after it did, without its answer. */
  | { readonly hangUp: "before" | "after" }
  /** Let so many bytes of the answer's body pass and hang up. */
  | { readonly cutAfter: number }
  /** Turn a bit of the answer's body at this place. */
  | { readonly flipAt: number }
  /** Change headers of the answer; `undefined` removes one. */
  | { readonly headers: Readonly<Record<string, string | undefined>> }
  /** Wait before the store is asked. */
  | { readonly wait: () => Promise<void> };

/** Says what happens to a request; `undefined` lets it pass. */
export type Rule = (passing: Passing) => Fault | undefined;

/** Something between a mod and a store that does damage on purpose. */
export interface FaultProxy {
  readonly endpoint: string;
  /** Requests so far, as `PUT /test/key?partNumber=1`. */
  readonly seen: string[];
  /** Headers of the same requests. */
  readonly seenHeaders: http.IncomingHttpHeaders[];
  /** Takes a rule in place of the one before. */
  use(rule: Rule): void;
  stop(): Promise<void>;
}

/** Starts one in front of a store. */
export async function startFaultProxy(endpoint: string): Promise<FaultProxy> {
  const target = new URL(endpoint);
  const agent = new http.Agent({ keepAlive: false });
  const seen: string[] = [];
  const seenHeaders: http.IncomingHttpHeaders[] = [];
  const counts = new Map<string, number>();
  let rule: Rule = () => undefined;
  const server = http.createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://store");
      const method = request.method ?? "GET";
      const number = url.searchParams.get("partNumber");
      const name = `${method} ${url.pathname}?${[...url.searchParams.keys()].join()}=${number ?? ""}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      seenHeaders.push(request.headers);
      seen.push(`${method} ${request.url ?? ""}`);
      const part = number === null ? undefined : Number(number);
      const fault = rule({ method, url, part, count: counts.get(name) ?? 1 });
      if (fault !== undefined && "wait" in fault) await fault.wait();
      if (fault !== undefined && "hangUp" in fault && fault.hangUp === "before") {
        request.destroy();
        return;
      }
      if (fault !== undefined && "status" in fault) {
        request.resume().on("end", () => {
          response.writeHead(fault.status, { "content-type": "application/xml" });
          response.end(
            method === "HEAD" ? "" : `<Error><Code>${fault.code}</Code><Message>on purpose</Message></Error>`,
          );
        });
        return;
      }
      // The host stays as the client has signed it.
      const forward = http.request(
        { host: target.hostname, port: target.port, method, path: request.url, headers: request.headers, agent },
        (answer) => pass(answer, response, fault),
      );
      forward.on("error", () => response.destroy());
      response.on("close", () => forward.destroy());
      request.pipe(forward);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    seen,
    seenHeaders,
    use: (next) => {
      rule = next;
      counts.clear();
      seen.length = 0;
      seenHeaders.length = 0;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function pass(answer: http.IncomingMessage, response: http.ServerResponse, fault: Fault | undefined): void {
  if (fault !== undefined && "hangUp" in fault) {
    answer.resume().on("end", () => response.destroy());
    return;
  }
  const headers = { ...answer.headers, ...(fault !== undefined && "headers" in fault ? fault.headers : {}) };
  const kept = Object.entries(headers).filter(([, value]) => value !== undefined);
  response.writeHead(answer.statusCode ?? 500, Object.fromEntries(kept));
  let at = 0;
  answer.on("data", (chunk: Buffer) => {
    const end = at + chunk.length;
    if (fault !== undefined && "flipAt" in fault && fault.flipAt >= at && fault.flipAt < end) {
      const place = fault.flipAt - at;
      chunk[place] = (chunk[place] ?? 0) ^ 1;
    }
    if (fault !== undefined && "cutAfter" in fault && end > fault.cutAfter) {
      response.write(chunk.subarray(0, Math.max(0, fault.cutAfter - at)), () => response.destroy());
      answer.destroy();
      return;
    }
    at = end;
    response.write(chunk);
  });
  answer.on("end", () => response.end());
  answer.on("error", () => response.destroy());
}
