import { apiError } from "../api-errors.js";
import type { HttpClient } from "../http/http-client.js";
import { placeOf } from "../http/http-client.js";
import type { ApiParams } from "../params.js";
import { ANONYMOUS, basic } from "./authenticator.js";
import type { Authenticator } from "./authenticator.js";

interface AccessToken {
  readonly text: string;
  /** By `performance.now()`; undefined where the server does not say. */
  readonly expires: number | undefined;
}

/** A token is replaced this long before it expires, or a tenth of its life where that is shorter; milliseconds. */
const EARLY_MS = 30_000;

/** OAuth 2.0 (RFC 6749): client credentials, or a refresh token. Tokens stay in memory and are fetched once for all requests that wait. */
export class OAuth2 implements Authenticator {
  #token: AccessToken | undefined;
  #fetching: Promise<AccessToken> | undefined;
  #refreshToken: string | undefined;
  readonly #old: string[] = [];

  constructor(
    readonly params: ApiParams,
    readonly client: HttpClient,
  ) {
    this.#refreshToken = params.refresh_token;
  }

  async apply(_url: URL, headers: Record<string, string>): Promise<string> {
    const known = this.#token;
    const isCurrent = known !== undefined && (known.expires === undefined || performance.now() < known.expires);
    const { text } = isCurrent ? known : await this.#fetchOnce();
    headers["authorization"] = `Bearer ${text}`;
    return text;
  }

  async renew(token: string | undefined): Promise<boolean> {
    // Another request may have got a new one meanwhile.
    if (this.#token?.text !== token && this.#token !== undefined) return true;
    this.#token = undefined;
    await this.#fetchOnce();
    return true;
  }

  secrets(): readonly string[] {
    return this.#old;
  }

  #fetchOnce(): Promise<AccessToken> {
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetch(): Promise<AccessToken> {
    const { token_url: address = "", client_id: id = "", client_secret: secret, scope, audience } = this.params;
    const form = new URLSearchParams(
      this.#refreshToken === undefined
        ? { grant_type: "client_credentials" }
        : { grant_type: "refresh_token", refresh_token: this.#refreshToken },
    );
    if (scope !== undefined) form.set("scope", scope);
    if (audience !== undefined) form.set("audience", audience);
    const headers: Record<string, string> = {
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
    };
    if (secret !== undefined && this.params.client_authentication === "header")
      // Both are form-encoded first (RFC 6749, 2.3.1).
      headers["authorization"] = `Basic ${basic(encodeForm(id), encodeForm(secret))}`;
    else {
      form.set("client_id", id);
      if (secret !== undefined) form.set("client_secret", secret);
    }
    const url = new URL(address);
    const { status, text } = await this.client.send(
      {
        method: "POST",
        url,
        headers,
        body: form.toString(),
        auth: ANONYMOUS,
        repeatable: true,
        accepts: (code) => code === 400 || code === 401 || code === 403,
      },
      async (response) => {
        const parts: Buffer[] = [];
        for await (const chunk of response.chunks()) parts.push(chunk);
        return { status: response.status, text: Buffer.concat(parts).toString("utf8") };
      },
    );
    const answer = parsed(text);
    const access = answer["access_token"];
    if (status >= 300 || typeof access !== "string" || access === "") {
      // Only what the standard says holds no secret.
      const said = ["error", "error_description"].map((key) => answer[key]).filter((one) => typeof one === "string");
      throw apiError(
        "API_AUTH_FAILED",
        `${placeOf(url)} gave no access token (${String(status)}${said.length > 0 ? `: ${said.join(", ").slice(0, 300)}` : ""})`,
      );
    }
    const type = answer["token_type"];
    if (typeof type === "string" && type.toLowerCase() !== "bearer")
      throw apiError(
        "API_AUTH_FAILED",
        `${placeOf(url)} gave a token of type ${JSON.stringify(type.slice(0, 40))}; only bearer tokens are known`,
      );
    const rotated = answer["refresh_token"];
    if (typeof rotated === "string" && this.#refreshToken !== undefined && rotated !== this.#refreshToken) {
      this.client.options.log.warn("the server has replaced the refresh token; the configured one may not work again", {
        token_url: placeOf(url),
      });
      this.#refreshToken = rotated;
      this.#old.push(rotated);
    }
    this.#old.push(access);
    const life = Number(answer["expires_in"]) * 1_000;
    this.#token = {
      text: access,
      expires: Number.isFinite(life) && life > 0 ? performance.now() + life - Math.min(EARLY_MS, life / 10) : undefined,
    };
    return this.#token;
  }
}

function encodeForm(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
