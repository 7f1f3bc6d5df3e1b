import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError, ModLogger } from "@datapy/mod-kit";
import { apiError } from "../api-errors.js";
import type { Authenticator } from "../auth/authenticator.js";
import { ConnectFailure } from "./http-transport.js";
import type { HttpTransport, WireResponse } from "./http-transport.js";
import { pause } from "./request-pace.js";
import type { RequestPace } from "./request-pace.js";
import { bodyChunks } from "./response-body.js";
import { backoffDelay, retryAfter } from "./retry-delay.js";

/** A request as the mod means it: with redirects, retries, credentials and limits still to come. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly auth: Authenticator;
  /**
   * Whether the request may be repeated when nobody knows whether the server has carried it out. Otherwise only an answer that says that it
   * was not (429, 503) is tried again.
   */
  readonly repeatable: boolean;
  /** A status beyond 2xx that is no failure here. */
  readonly accepts?: (status: number) => boolean;
}

/** An answer, to be read within the time limit of its request. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Where it came from, after redirects. */
  readonly url: URL;
  chunks(): AsyncGenerator<Buffer>;
  /** Reads nothing more of it. */
  discard(): Promise<void>;
}

/** Limits of {@link HttpClient}; times in milliseconds. */
export interface ClientOptions {
  readonly timeout: number;
  readonly maxRetries: number;
  readonly retryDelay: number;
  readonly maxRetryDelay: number;
  readonly maxResponseSize: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The one origin that gets credentials. */
  readonly credentialOrigin: string;
  /** Go to {@link credentialOrigin} alone, as credentials do. */
  readonly secretHeaders: Readonly<Record<string, string>>;
  /** Origins, beside that of a request, to which redirects may lead; no credentials go there. */
  readonly allowedOrigins: ReadonlySet<string>;
  readonly signal: AbortSignal;
  readonly log: ModLogger;
}

const RETRIED_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);
/** The server says that it did not carry the request out. */
const REFUSED_STATUS = new Set([425, 429, 503]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;
/** Connections that fail so may succeed later. */
const MAY_PASS = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The token was replaced: the request is to be sent again, which is no new try. */
const RENEWED = { renewed: true } as const;

/** How one try failed. */
interface Failure {
  readonly error: DatapyError;
  readonly again: boolean;
  readonly wait: number | undefined;
}

/** Status behind an error, as its cause. */
class HttpStatus extends Error {
  constructor(readonly status: number) {
    super(`HTTP status ${String(status)}`);
  }
}

/** The status that the server answered with, where an error stems from one. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpStatus) return error.status;
  return error instanceof Error && error.cause !== undefined ? statusOf(error.cause) : undefined;
}

/** Sends requests: pace, credentials, redirects, retries, time and size limits. */
export class HttpClient {
  readonly counts = { requests: 0, retries: 0, bytes: 0 };

  constructor(
    readonly transport: HttpTransport,
    readonly pace: RequestPace,
    readonly options: ClientOptions,
  ) {}

  /** Sends a request until it has an answer that `read` could read to its end, or fails for good. */
  async send<Result>(
    request: ApiRequest,
    read: (response: ApiResponse) => Promise<Result>,
    signal: AbortSignal = this.options.signal,
  ): Promise<Result> {
    const { maxRetries, retryDelay, maxRetryDelay, log } = this.options;
    let renewed = false;
    for (let attempt = 0; ;) {
      await this.pace.turn(signal);
      const failure = await this.#attempt(request, read, signal, async (token) => {
        if (renewed) return false;
        renewed = true;
        return request.auth.renew(token);
      });
      if ("result" in failure) return failure.result;
      if ("renewed" in failure) continue;
      const wait = failure.wait ?? backoffDelay(attempt, retryDelay);
      if (!failure.again || attempt >= maxRetries || wait > maxRetryDelay) {
        throw attempt === 0 && !(failure.again && wait > maxRetryDelay)
          ? failure.error
          : apiError(
              failure.error.code as "API_HTTP_STATUS",
              `${failure.error.message} (${
                wait > maxRetryDelay
                  ? `it asks to wait ${String(Math.ceil(wait / 1_000))} s, more than \`max_retry_delay\``
                  : `after ${String(attempt + 1)} tries`
              })`,
              { retryable: true, cause: failure.error },
            );
      }
      attempt += 1;
      this.counts.retries += 1;
      log.debug(`${failure.error.message}; trying again in ${String(Math.round(wait))} ms`);
      if (failure.wait !== undefined) this.pace.hold(wait);
      await pause(wait, signal);
    }
  }

  async #attempt<Result>(
    request: ApiRequest,
    read: (response: ApiResponse) => Promise<Result>,
    outer: AbortSignal,
    renew: (token: string | undefined) => Promise<boolean>,
  ): Promise<{ readonly result: Result } | typeof RENEWED | Failure> {
    const { timeout } = this.options;
    const place = placeOf(request.url);
    // Made by hand and taken down at once: signals of the platform that wait for a time stay until it comes, page after page.
    const stop = new AbortController();
    const { signal } = stop;
    let isLate = false;
    const timer = setTimeout(
      () => {
        isLate = true;
        stop.abort();
      },
      Math.min(timeout, 2_147_483_647),
    );
    const end = (): void => stop.abort(outer.reason);
    outer.addEventListener("abort", end, { once: true });
    try {
      const { response, url, token } = await this.#follow(request, signal);
      this.counts.requests += 1;
      const { status, headers } = response;
      const chunks = (): AsyncGenerator<Buffer> => this.#chunks(response, place);
      if (status === 401 && token !== undefined) {
        const text = await excerpt(chunks());
        if (await renew(token)) return RENEWED;
        return { error: this.#statusError(request, status, text), again: false, wait: undefined };
      }
      const isFine = (status >= 200 && status < 300) || request.accepts?.(status) === true;
      if (isFine) return { result: await read({ status, headers, url, chunks, discard: () => dropped(response) }) };
      const error = this.#statusError(request, status, await excerpt(chunks()));
      const again = RETRIED_STATUS.has(status) && (request.repeatable || REFUSED_STATUS.has(status));
      return { error, again, wait: again ? retryAfter(headers["retry-after"], Date.now()) : undefined };
    } catch (error) {
      outer.throwIfAborted();
      return this.#failureOf(error, request, isLate);
    } finally {
      clearTimeout(timer);
      outer.removeEventListener("abort", end);
    }
  }

  /** Follows redirects that stay where they may; credentials go to the configured origin alone. */
  async #follow(
    request: ApiRequest,
    signal: AbortSignal,
  ): Promise<{ response: WireResponse; url: URL; token: string | undefined }> {
    const { allowedOrigins, headers: common, secretHeaders, credentialOrigin } = this.options;
    let url = request.url;
    for (let hops = 0; ; hops += 1) {
      const headers: Record<string, string> = { ...common, ...request.headers };
      const target = new URL(url);
      let token: string | undefined;
      if (target.origin === credentialOrigin) {
        Object.assign(headers, secretHeaders);
        token = await request.auth.apply(target, headers);
      }
      const { method, body } = request;
      const response = await this.transport.exchange({ method, url: target, headers, body, signal });
      const { location } = response.headers;
      if (!REDIRECTS.has(response.status) || location === undefined) return { response, url, token };
      await dropped(response);
      if (hops >= MOST_REDIRECTS)
        throw apiError(
          "API_PAGINATION_LOOP",
          `${placeOf(request.url)} redirects more than ${String(MOST_REDIRECTS)} times`,
        );
      url = foreignChecked(location, url, request.url.origin, allowedOrigins, `${placeOf(url)} redirects`);
      // A 303 to a POST, or what browsers make of a 301, would turn it into a GET and drop what it carries.
      if (request.method !== "GET" && request.method !== "HEAD" && response.status < 307)
        throw apiError(
          "API_FOREIGN_URL",
          `${placeOf(request.url)} answers ${method} with a redirect (${String(response.status)}) to ${placeOf(url)}`,
          {
            hint: "Set `endpoint` and `path` to where it leads.",
          },
        );
    }
  }

  async *#chunks(response: WireResponse, place: string): AsyncGenerator<Buffer> {
    const headers = { encoding: response.headers["content-encoding"], length: response.headers["content-length"] };
    for await (const chunk of bodyChunks(response.body, headers, this.options.maxResponseSize, place)) {
      this.counts.bytes += chunk.length;
      yield chunk;
    }
  }

  #statusError(request: ApiRequest, status: number, text: string): DatapyError {
    const said = text === "" ? "" : `: ${redacted(text, request.auth.secrets())}`;
    const retryable = RETRIED_STATUS.has(status);
    const code = status === 401 || status === 403 ? "API_AUTH_FAILED" : "API_HTTP_STATUS";
    return apiError(code, `${placeOf(request.url)} answered ${String(status)}${said}`, {
      retryable,
      cause: new HttpStatus(status),
    });
  }

  #failureOf(error: unknown, request: ApiRequest, isTimeout: boolean): Failure {
    const place = placeOf(request.url);
    if (isTimeout)
      return {
        error: apiError("API_TIMEOUT", `${place} did not answer in full within ${String(this.options.timeout)} ms`, {
          retryable: true,
        }),
        again: request.repeatable,
        wait: undefined,
      };
    if (isDatapyError(error)) return { error, again: error.retryable && request.repeatable, wait: undefined };
    if (error instanceof ConnectFailure) {
      const { cause } = error;
      const code = cause.code ?? "";
      const detail = innerErrors(cause)
        .map((one) => one.message)
        .join("; ");
      const again = [code, ...innerErrors(cause).map((one) => one.code ?? "")].some((one) => MAY_PASS.has(one));
      const made =
        code === "UND_ERR_CONNECT_TIMEOUT"
          ? apiError("API_TIMEOUT", `${place}: no connection within \`connect_timeout\``, { retryable: true, cause })
          : apiError("API_UNREACHABLE", `${place} cannot be reached: ${detail}`, { retryable: again, cause });
      return { error: made, again, wait: undefined };
    }
    const { message } = error as Error;
    const broken = apiError("API_BODY_CUT", `the connection to ${place} broke: ${message}`, {
      retryable: true,
      cause: error,
    });
    return { error: broken, again: request.repeatable, wait: undefined };
  }
}

/** Address without query, which may hold keys. */
export function placeOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** Resolves an address that a server gave. Throws `API_FOREIGN_URL` when it leaves the origins that are allowed. */
export function foreignChecked(
  address: string,
  from: URL,
  origin: string,
  allowed: ReadonlySet<string>,
  what: string,
): URL {
  let url: URL;
  try {
    url = new URL(address, from);
  } catch (error) {
    throw apiError("API_FOREIGN_URL", `${what} to ${JSON.stringify(address.slice(0, 200))}, which is no address`, {
      cause: error,
    });
  }
  if (url.username !== "" || url.password !== "" || (url.origin !== origin && !allowed.has(url.origin)))
    throw apiError("API_FOREIGN_URL", `${what} to ${placeOf(url)}, which is not on ${origin}`);
  url.hash = "";
  return url;
}

/** The beginning of a body, for a message. What cannot be read is left out. */
async function excerpt(chunks: AsyncGenerator<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      parts.push(chunk);
      size += chunk.length;
      if (size >= 2_000) break;
    }
  } catch {
    // The status says enough.
  }
  return Buffer.concat(parts).toString("utf8").replace(/\s+/g, " ").trim().slice(0, 300);
}

/** A server may repeat a credential in its error; the host does not know those that were fetched during the run. */
export function redacted(text: string, secrets: readonly string[]): string {
  return secrets.filter((one) => one.length > 3).reduce((left, secret) => left.replaceAll(secret, "***"), text);
}

/** Ends an answer that nobody reads. */
function dropped(response: WireResponse): Promise<void> {
  response.body.on("error", () => undefined).destroy();
  return Promise.resolve();
}

/** With several addresses, each has an error of its own. */
function innerErrors(error: NodeJS.ErrnoException): readonly NodeJS.ErrnoException[] {
  const { errors } = error as { readonly errors?: readonly NodeJS.ErrnoException[] };
  return errors ?? [error];
}
