import { apiError } from "../api-errors.js";
import type { HttpClient } from "../http/http-client.js";
import type { ApiParams } from "../params.js";
import { OAuth2 } from "./oauth2.js";

/** Puts credentials into a request to the configured origin. */
export interface Authenticator {
  /** Adds to headers or query; gives the token that was used where there may be a newer one. */
  apply(url: URL, headers: Record<string, string>): Promise<string | undefined>;
  /** The server refused `token`: gets another. False where there is none to get. */
  renew(token: string | undefined): Promise<boolean>;
  /** What must not appear in a message. */
  secrets(): readonly string[];
}

/** No credentials. */
export const ANONYMOUS: Authenticator = {
  apply: () => Promise.resolve(undefined),
  renew: () => Promise.resolve(false),
  secrets: () => [],
};

/** Makes what `auth_method` says. Throws `API_AUTH_INCOMPLETE` (20), which names all that is missing. */
export function authenticatorOf(params: ApiParams, client: HttpClient): Authenticator {
  const method = params.auth_method;
  const need = (...names: readonly (keyof ApiParams)[]): void => {
    const missing = names.filter((name) => params[name] === undefined || params[name] === "");
    if (missing.length > 0)
      throw apiError(
        "API_AUTH_INCOMPLETE",
        `auth_method is ${method}, but ${missing.map((name) => `\`${name}\``).join(" and ")} ${missing.length > 1 ? "are" : "is"} not given`,
      );
  };
  switch (method) {
    case "none":
      return ANONYMOUS;
    case "basic":
      need("username", "password");
      return header(`Basic ${basic(params.username ?? "", params.password ?? "")}`);
    case "bearer":
      need("token");
      return header(`Bearer ${params.token ?? ""}`);
    case "api_key": {
      need("api_key");
      const key = params.api_key ?? "";
      const name = params.api_key_name ?? (params.api_key_in === "query" ? "api_key" : "X-API-Key");
      if (params.api_key_in !== "query") return header(key, name.toLowerCase());
      return {
        ...ANONYMOUS,
        apply: (url) => {
          url.searchParams.set(name, key);
          return Promise.resolve(undefined);
        },
      };
    }
    case "oauth2":
      need("token_url", "client_id", params.refresh_token === undefined ? "client_secret" : "refresh_token");
      return new OAuth2(params, client);
  }
}

/** Credentials of `Authorization: Basic`. */
export function basic(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`, "utf8").toString("base64");
}

function header(value: string, name = "authorization"): Authenticator {
  if (/[\r\n\0]/.test(value))
    throw apiError("API_BAD_PARAMETERS", `the credential for the header ${name} holds a line end`, {
      hint: "A file of a secret often ends in one: remove it.",
    });
  return {
    ...ANONYMOUS,
    apply: (_url, headers) => {
      headers[name] = value;
      return Promise.resolve(undefined);
    },
    secrets: () => [value],
  };
}
