import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { Agent, Pool, ProxyAgent, buildConnector, request as undiciRequest } from "undici";
import type { Dispatcher } from "undici";
import { isDatapyError } from "@datapy/mod-kit";
import { apiError } from "../api-errors.js";
import { AddressGuard } from "./address-guard.js";
import type { Proxy, ProxyChoice } from "./proxy-choice.js";
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
  /** Default: none. */
  readonly proxy?: ProxyChoice;
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

/**
 * Connections of one run. Every one is checked against the address guard when it is made, after DNS. Through a proxy it is the proxy that asks
 * DNS and connects: then the name is checked here before each request, and the connection to the proxy is made without a check, since the
 * configuration names it.
 */
export class HttpTransport {
  readonly #proxies = new Map<string, ProxyAgent>();

  private constructor(
    private readonly agent: Agent,
    private readonly guard: AddressGuard,
    private readonly choose: ProxyChoice,
    private readonly through: (proxy: Proxy) => ProxyAgent,
  ) {}

  static async open(options: TransportOptions): Promise<HttpTransport> {
    const guard = options.guard ?? new AddressGuard(options.configuredHosts);
    const [ca, cert, key] = await Promise.all([
      content(options.caFile),
      content(options.certFile),
      content(options.keyFile),
    ]);
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    const timeout = options.connectTimeout;
    const connect = buildConnector({ timeout, lookup: guard.lookup, ...tls } as buildConnector.BuildOptions);
    const limits = {
      connections: options.connections,
      pipelining: 1,
      // The whole exchange has one time limit, which the caller sets.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    const agent = new Agent({ ...limits, connect: checked(connect, guard) });
    const toProxy = failing(buildConnector({ timeout, ...(ca === undefined ? {} : { ca }) }));
    const through = ({ url, authorization }: Proxy): ProxyAgent =>
      new ProxyAgent({
        ...limits,
        uri: url.href,
        ...(authorization === undefined ? {} : { token: authorization }),
        requestTls: { timeout, ...tls },
        clientFactory: (origin) => new Pool(origin, { connections: options.connections, connect: toProxy }),
      });
    return new HttpTransport(agent, guard, options.proxy ?? (() => undefined), through);
  }

  async #dispatcher(url: URL): Promise<Dispatcher> {
    const proxy = this.choose(url);
    if (proxy === undefined) return this.agent;
    await this.guard.checkBehindProxy(url.hostname);
    const agent = this.#proxies.get(proxy.url.href) ?? this.through(proxy);
    this.#proxies.set(proxy.url.href, agent);
    return agent;
  }

  async exchange({ method, url, headers, body, signal }: WireRequest): Promise<WireResponse> {
    const dispatcher = await this.#dispatcher(url);
    const answer = await undiciRequest(url, {
      dispatcher,
      method: method as "GET",
      headers: { "accept-encoding": ACCEPTED_ENCODINGS, "user-agent": "datapy", ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
    }).catch((error: unknown) => {
      throw dispatcher === this.agent ? error : proxyFailure(error, url);
    });
    const flat: Record<string, string> = {};
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
    }
    return { status: answer.statusCode, headers: flat, body: answer.body };
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    await Promise.all([this.agent, ...this.#proxies.values()].map((one) => one.destroy()));
  }
}

/** Connects to what the guard lets pass. */
function checked(connect: buildConnector.connector, guard: AddressGuard): buildConnector.connector {
  return (target, done) => {
    const host = target.hostname.replace(/^\[|\]$/g, "");
    try {
      // A literal address is never looked up.
      if (isIP(host) !== 0) guard.check(host, host);
    } catch (refused) {
      done(refused as Error, null);
      return;
    }
    failing(connect)(target, (error, socket) => {
      if (error !== null) {
        done(error, null);
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
  };
}

/** Says of a failure that no connection was made. */
function failing(connect: buildConnector.connector): buildConnector.connector {
  return (target, done) => {
    connect(target, (error, socket) => {
      if (error === null) done(null, socket);
      else done(isDatapyError(error) ? error : new ConnectFailure(error), null);
    });
  };
}

/** What the proxy answered to the request for a tunnel is known from undici's message only. */
function proxyFailure(error: unknown, url: URL): unknown {
  const status = /^Proxy response \((\d+)\)/.exec(error instanceof Error ? error.message : "")?.[1];
  if (status === undefined) {
    // The tunnel stood, but not the encryption in it: nothing was sent.
    const cause = (
      error instanceof Error && error.cause instanceof Error ? error.cause : error
    ) as NodeJS.ErrnoException;
    return /^(?:ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(cause.code ?? "")
      ? new ConnectFailure(cause)
      : error;
  }
  const reason = status === "407" ? "it wants credentials, or others" : "it will not or cannot connect";
  return apiError("API_PROXY_REFUSED", `the proxy answered ${status} to the request for ${url.host}: ${reason}`, {
    retryable: ["502", "503", "504"].includes(status),
    cause: error,
  });
}

async function content(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : readFile(file);
}
