import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** A request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers one request. `turn` counts the requests to this path, from 1. */
export type Route = (seen: Seen, response: ServerResponse, turn: number) => void;

/** A server of an API, on loopback, whose routes may do everything that a server should not. */
export class MisbehavingServer {
  readonly seen: Seen[] = [];
  readonly #routes = new Map<string, Route>();
  readonly #turns = new Map<string, number>();

  private constructor(readonly server: Server) {}

  static async start(): Promise<MisbehavingServer> {
    const server = createServer();
    const api = new MisbehavingServer(server);
    server.on("request", (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("error", () => undefined);
      request.on("end", () => {
        const url = new URL(request.url ?? "/", api.origin);
        const seen = {
          method: request.method ?? "",
          path: url.pathname,
          query: url.searchParams,
          headers: request.headers,
          body: Buffer.concat(parts).toString("utf8"),
        };
        api.seen.push(seen);
        const turn = (api.#turns.get(url.pathname) ?? 0) + 1;
        api.#turns.set(url.pathname, turn);
        const route = api.#routes.get(url.pathname);
        if (route === undefined) response.writeHead(404).end("no such route");
        else route(seen, response, turn);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** Sets what a path does, and forgets what it has seen. Gives its address. */
  on(path: string, route: Route): string {
    this.#routes.set(path, route);
    this.#turns.delete(path);
    return `${this.origin}${path}`;
  }

  /** Requests to a path. */
  to(path: string): readonly Seen[] {
    return this.seen.filter((one) => one.path === path);
  }

  reset(): void {
    this.seen.length = 0;
    this.#routes.clear();
    this.#turns.clear();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Answers with JSON, given as text or value. */
export function json(
  response: ServerResponse,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof value === "string" ? value : JSON.stringify(value));
}

/** Records `from` to `to`, both among them. */
export function records(from: number, to: number): { readonly id: number }[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => ({ id: from + index }));
}

/** Promises more than it sends, then closes the connection. */
export function cut(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": String(text.length + 100) });
  response.write(text, () => response.socket?.destroy());
}

/** A small body that decodes to `size` bytes. */
export function bomb(response: ServerResponse, size: number, encoding: "gzip" | "br"): void {
  const zeros = Buffer.alloc(size, 0x20);
  response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding });
  response.end(encoding === "gzip" ? gzipSync(zeros) : brotliCompressSync(zeros));
}
