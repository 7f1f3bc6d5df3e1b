import { apiError } from "../api-errors.js";
import type { ApiParams } from "../params.js";

/** A proxy, and which requests take it. */
export interface Proxy {
  readonly url: URL;
  /** `Proxy-Authorization`, when it asks for one. */
  readonly authorization: string | undefined;
}

/** Gives the proxy for an address; `undefined` when the server itself is to be reached. */
export type ProxyChoice = (target: URL) => Proxy | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads `proxy`: nothing, an address, or `environment`. Throws `API_BAD_PARAMETERS`. */
export function proxyChoice(
  params: Pick<ApiParams, "proxy" | "proxy_user" | "proxy_password">,
  environment: Environment = process.env,
): ProxyChoice {
  const { proxy, proxy_user: user, proxy_password: password } = params;
  if (proxy === undefined) {
    if (user !== undefined || password !== undefined)
      throw apiError("API_BAD_PARAMETERS", "`proxy_user` and `proxy_password` need `proxy`");
    return () => undefined;
  }
  const given = user === undefined ? undefined : basic(user, password ?? "");
  if (proxy !== "environment") {
    const url = proxyUrl(proxy, "proxy");
    if (url.username !== "" || url.password !== "")
      throw apiError("API_BAD_PARAMETERS", "proxy: the address holds credentials, which would stand in logs", {
        hint: "Use `proxy_user` and `proxy_password`.",
      });
    return () => ({ url, authorization: given });
  }
  const named = (name: string): Proxy | undefined => {
    const text = environment[name] ?? environment[name.toUpperCase()];
    if (text === undefined || text.trim() === "") return undefined;
    const url = proxyUrl(text.trim(), name.toUpperCase());
    const own = url.username === "" ? undefined : basic(decoded(url.username), decoded(url.password));
    return { url: new URL(url.origin), authorization: given ?? own };
  };
  const proxies: Readonly<Record<string, Proxy | undefined>> = {
    "http:": named("http_proxy"),
    "https:": named("https_proxy"),
  };
  const direct = (environment["no_proxy"] ?? environment["NO_PROXY"] ?? "").toLowerCase().split(/[\s,]+/);
  return (target) => (direct.some((entry) => isMeant(entry, target)) ? undefined : proxies[target.protocol]);
}

/** As curl takes an entry of `NO_PROXY`: a host with all below it, with or without a dot in front, with or without a port; `*` is all. */
function isMeant(entry: string, target: URL): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  const [, name = "", port] = /^(\[[^\]]*\]|[^:]*|.*)(?::(\d+))?$/.exec(entry) ?? [];
  const ownPort = target.port === "" ? (target.protocol === "https:" ? "443" : "80") : target.port;
  if (port !== undefined && port !== ownPort) return false;
  const host = target.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const wanted = name.replace(/^\[|\]$/g, "").replace(/^\*?\./, "");
  return wanted !== "" && (host === wanted || host.endsWith(`.${wanted}`));
}

function proxyUrl(text: string, where: string): URL {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  // Its text may hold a password.
  throw apiError("API_BAD_PARAMETERS", `${where} is no address of an HTTP proxy`, {
    hint: "For example http://proxy.example.com:3128. SOCKS proxies cannot be used.",
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
