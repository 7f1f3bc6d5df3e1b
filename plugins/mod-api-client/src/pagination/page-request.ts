import { apiError } from "../api-errors.js";
import type { ApiParams } from "../params.js";

/** The request of one page. */
export interface PageRequest {
  /** Counts from 1. */
  readonly number: number;
  readonly url: URL;
  /** JSON body, where the page is asked for with one. */
  readonly body: string | undefined;
  /** Records before it, where the request counts them. */
  readonly offset?: number;
}

/** A parameter of a request, in the query or at a path of the body. */
export interface PlacedValue {
  readonly name: string;
  readonly value: string | number;
  readonly in: "query" | "body";
}

/** The address that `endpoint`, `path` and `query_parameters` make. Throws `API_BAD_PARAMETERS`. */
export function baseUrl(params: ApiParams): URL {
  const joined =
    params.path === undefined
      ? params.endpoint
      : `${params.endpoint.replace(/\/+$/, "")}/${params.path.replace(/^\/+/, "")}`;
  let url: URL;
  try {
    url = new URL(joined);
  } catch (error) {
    throw apiError("API_BAD_PARAMETERS", `endpoint: ${JSON.stringify(joined)} is no address`, { cause: error });
  }
  if (url.username !== "" || url.password !== "")
    throw apiError("API_BAD_PARAMETERS", "endpoint holds a user name or password", {
      hint: "Use `auth_method: basic` with `username` and `password`, which are kept secret.",
    });
  if (url.origin !== new URL(params.endpoint).origin)
    throw apiError("API_BAD_PARAMETERS", `path leads away from endpoint, to ${url.origin}`);
  url.hash = "";
  for (const [name, value] of Object.entries(params.query_parameters)) {
    for (const one of Array.isArray(value) ? (value as readonly (string | number)[]) : [value])
      url.searchParams.append(name, String(one));
  }
  return url;
}

/** A request with further parameters. */
export function placed(params: ApiParams, base: URL, number: number, values: readonly PlacedValue[]): PageRequest {
  const url = new URL(base);
  const hasBody = params.body !== undefined || values.some((one) => one.in === "body");
  const body = structuredClone(params.body ?? {}) as Record<string, unknown>;
  for (const one of values) {
    if (one.in === "query") url.searchParams.set(one.name, String(one.value));
    else setAt(body, one.name, one.value);
  }
  return { number, url, body: hasBody ? JSON.stringify(body) : undefined };
}

function setAt(body: Record<string, unknown>, name: string, value: string | number): void {
  const steps = name.split(".");
  let at = body;
  for (const step of steps.slice(0, -1)) {
    const inner = Object.hasOwn(at, step) ? at[step] : undefined;
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) at = inner as Record<string, unknown>;
    else {
      const made: Record<string, unknown> = {};
      define(at, step, made);
      at = made;
    }
  }
  define(at, steps.at(-1) ?? name, value);
}

/** Defined, not assigned: a field may be called `__proto__`. */
function define(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
