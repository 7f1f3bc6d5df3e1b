import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { Agent, buildConnector, request as undiciRequest } from "undici";
import { isDatapyError } from "@datapy/mod-kit";
import { AddressGuard } from "./address-guard.js";
import { ACCEPTED_ENCODINGS } from "./response-body.js";

/** How connections are made. */
export interface TransportOptions {
  /** Hosts that the configuration names: they alone may be private. */
  readonly configuredHosts: readonly string[];
  readonly connections: number;
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly guard?: AddressGuard;
}

/** One exchange on the wire, without redirects and retries. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

/** An answer whose body has not been read yet. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** No connection could be made, so that nothing was sent. */
export class ConnectFailure extends Error {
  constructor(override readonly cause: NodeJS.ErrnoException) {
    super(cause.message);
  }
}

/** Connections of one run. Every one is checked against the address guard when it is made, after DNS. */
export class HttpTransport {
  readonly #agent: Agent;

  private constructor(agent: Agent) {
    this.#agent = agent;
  }

  static async open(options: TransportOptions): Promise<HttpTransport> {
    const guard = options.guard ?? new AddressGuard(options.configuredHosts);
    const [ca, cert, key] = await Promise.all([
      content(options.caFile),
      content(options.certFile),
      content(options.keyFile),
    ]);
    const connect = buildConnector({
      timeout: options.connectTimeout,
      lookup: guard.lookup,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    } as buildConnector.BuildOptions);
    return new HttpTransport(
      new Agent({
        connections: options.connections,
        pipelining: 1,
        // The whole exchange has one time limit, which the caller sets.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: (target, done) => {
          const host = target.hostname.replace(/^\[|\]$/g, "");
          try {
            // A literal address is never looked up.
            if (isIP(host) !== 0) guard.check(host, host);
          } catch (refused) {
            done(refused as Error, null);
            return;
          }
          connect(target, (error, socket) => {
            if (error !== null) {
              done(isDatapyError(error) ? error : new ConnectFailure(error), null);
              return;
            }
            try {
              if (socket.remoteAddress !== undefined) guard.check(host, socket.remoteAddress);
              done(null, socket);
            } catch (refused) {
              socket.destroy();
              done(refused as Error, null);
            }
          });
        },
      }),
    );
  }

  async exchange({ method, url, headers, body, signal }: WireRequest): Promise<WireResponse> {
    const answer = await undiciRequest(url, {
      dispatcher: this.#agent,
      method: method as "GET",
      headers: { "accept-encoding": ACCEPTED_ENCODINGS, "user-agent": "datapy", ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
    });
    const flat: Record<string, string> = {};
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
    }
    return { status: answer.statusCode, headers: flat, body: answer.body };
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

async function content(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : readFile(file);
}
