import type { ModContext } from "@datapy/mod-kit";
import { apiError } from "./api-errors.js";
import { authenticatorOf } from "./auth/authenticator.js";
import type { Authenticator } from "./auth/authenticator.js";
import { HttpClient } from "./http/http-client.js";
import { HttpTransport } from "./http/http-transport.js";
import { proxyChoice } from "./http/proxy-choice.js";
import { RequestPace } from "./http/request-pace.js";
import type { ApiParams } from "./params.js";

/** A client with the credentials for the endpoint. */
export interface OpenClient {
  readonly client: HttpClient;
  readonly auth: Authenticator;
  close(): Promise<void>;
}

const OWN_HEADERS = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "accept-encoding",
  "expect",
  "upgrade",
  "keep-alive",
  "te",
  "trailer",
]);
const SECRET_HEADER = /^(?:authorization|proxy-authorization|cookie)$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** Opens what the parameters describe; connects to nothing yet. */
export async function openClient(params: ApiParams, ctx: ModContext): Promise<OpenClient> {
  const secretHeaders = headersOf(
    (params.secret_headers ?? []).map(({ name, value }) => [name, value]),
    "secret_headers",
  );
  const options = {
    timeout: params.timeout,
    maxRetries: params.max_retries,
    retryDelay: params.retry_delay,
    maxRetryDelay: params.max_retry_delay,
    maxResponseSize: params.max_response_size,
    headers: headersOf(Object.entries(params.headers), "headers"),
    secretHeaders,
    credentialOrigin: originOf(params.endpoint, "endpoint"),
    allowedOrigins: new Set(params.allowed_origins.map((one) => originOf(one, "allowed_origins"))),
    signal: ctx.signal,
    log: ctx.log,
  };
  const tokenOrigin = params.token_url === undefined ? "" : originOf(params.token_url, "token_url");
  const transport = await HttpTransport.open({
    configuredHosts: [params.endpoint, params.token_url].flatMap((one) =>
      one === undefined ? [] : [new URL(one).hostname],
    ),
    connections: params.concurrency,
    connectTimeout: params.connect_timeout,
    caFile: params.tls_ca_file,
    certFile: params.tls_cert_file,
    keyFile: params.tls_key_file,
    proxy: proxyChoice(params),
  });
  const client = new HttpClient(transport, new RequestPace(params.rate_limit), options);
  // The headers of the endpoint are nobody else's business, and the token server has its own pace.
  const tokens = new HttpClient(transport, new RequestPace(undefined), {
    ...options,
    headers: {},
    secretHeaders: {},
    credentialOrigin: tokenOrigin,
    allowedOrigins: new Set(),
  });
  try {
    return { client, auth: authenticatorOf(params, tokens), close: () => transport.close() };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

function originOf(address: string, parameter: string): string {
  try {
    return new URL(address).origin;
  } catch (error) {
    throw apiError("API_BAD_PARAMETERS", `${parameter}: ${JSON.stringify(address)} is no address`, { cause: error });
  }
}

function headersOf(given: readonly (readonly [string, string])[], parameter: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [given_name, value] of given) {
    const name = given_name.toLowerCase();
    if (!TOKEN.test(name) || /[\r\n\0]/.test(value))
      throw apiError(
        "API_BAD_PARAMETERS",
        `${parameter}: ${JSON.stringify(given_name)} or its value cannot stand in a header`,
      );
    if (OWN_HEADERS.has(name))
      throw apiError("API_BAD_PARAMETERS", `${parameter}: the header ${name} is set by the client itself`);
    if (parameter === "headers" && SECRET_HEADER.test(name))
      throw apiError("API_BAD_PARAMETERS", `headers: ${name} would stand in logs and in the ledger`, {
        hint: "Use `auth_method` or `secret_headers`.",
      });
    headers[name] = value;
  }
  return headers;
}
