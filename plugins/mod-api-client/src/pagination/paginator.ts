import { apiError } from "../api-errors.js";
import { foreignChecked, placeOf } from "../http/http-client.js";
import { parseJsonPath, valueAt } from "../json/json-path.js";
import type { PathStep } from "../json/json-path.js";
import { scalarText } from "../json/json-value.js";
import type { JsonValue } from "../json/json-value.js";
import type { ApiParams, PaginationParams } from "../params.js";
import { linkTarget } from "./link-header.js";
import { placed } from "./page-request.js";
import type { PageRequest, PlacedValue } from "./page-request.js";

/** What is known of a page that has been read. */
export interface PageRead {
  readonly request: PageRequest;
  /** Where it came from, after redirects. */
  readonly url: URL;
  readonly records: number;
  /** The answer without its records. */
  readonly document: JsonValue;
  readonly headers: Readonly<Record<string, string>>;
  /** It was answered with `end_status`. */
  readonly pastEnd: boolean;
}

/** Knows which page comes after which. */
export interface Paginator {
  /** The first request. */
  first(): PageRequest;
  /** The request after `page`; undefined after the last. */
  next(page: PageRead): PageRequest | undefined;
  /** Request number `number` (from 1), where it does not take the page before to know it. Undefined past a known end. */
  ahead?(number: number): PageRequest | undefined;
  /** All records, as the API says; undefined where it does not. */
  readonly total: number | undefined;
  /** The place that the next page was looked for has never held anything. */
  readonly neverFollowed: boolean;
}

/** What all paginators start from. */
export interface PaginatorBase {
  readonly params: ApiParams;
  readonly url: URL;
  /** Parameters of every page, such as the watermark's. */
  readonly values: readonly PlacedValue[];
}

/** Makes the paginator that `pagination` asks for. */
export function paginatorOf(base: PaginatorBase): Paginator {
  const pagination: PaginationParams = base.params.pagination ?? { type: "none" };
  const request = (number: number, more: readonly PlacedValue[] = []): PageRequest =>
    placed(base.params, base.url, number, [...base.values, ...more]);
  switch (pagination.type) {
    case "none":
      return { first: () => request(1), next: () => undefined, total: undefined, neverFollowed: false };
    case "page":
    case "offset":
      return new Numbered(pagination, request);
    case "cursor": {
      const cursor = parseJsonPath(pagination.cursor_path, "pagination.cursor_path");
      const more = pathOf(pagination.has_more_path, "pagination.has_more_path");
      return new Followed(request(1), (page) => {
        const value = valueAt(page.document, cursor);
        const text = value === false ? undefined : scalarText(value);
        const said = more === undefined ? undefined : valueAt(page.document, more);
        if (said === false) return undefined;
        if (text === undefined || text === "") {
          if (said === true)
            throw apiError(
              "API_BAD_CURSOR",
              `page ${String(page.request.number)} says that there is more, but has no cursor at ${pagination.cursor_path}`,
            );
          return undefined;
        }
        const name = pagination.cursor_parameter ?? "cursor";
        return request(page.request.number + 1, [{ name, value: text, in: pagination.in ?? "query" }]);
      });
    }
    case "link_header":
      return followedUrl(base, request(1), (page) => linkTarget(page.headers["link"], pagination.rel ?? "next"));
    case "next_url": {
      const path = parseJsonPath(pagination.next_path, "pagination.next_path");
      return followedUrl(base, request(1), (page) => {
        const value = valueAt(page.document, path);
        return value === false ? undefined : scalarText(value);
      });
    }
  }
}

function pathOf(text: string | undefined, parameter: string): readonly PathStep[] | undefined {
  return text === undefined ? undefined : parseJsonPath(text, parameter);
}

function followedUrl(base: PaginatorBase, first: PageRequest, find: (page: PageRead) => string | undefined): Paginator {
  const allowed = new Set(base.params.allowed_origins.map((one) => new URL(one).origin));
  return new Followed(first, (page) => {
    const address = find(page);
    if (address === undefined || address === "") return undefined;
    const what = `page ${String(page.request.number)} of ${placeOf(base.url)} leads`;
    return {
      number: page.request.number + 1,
      url: foreignChecked(address, page.url, base.url.origin, allowed, what),
      body: page.request.body,
    };
  });
}

/** Each page names the next. */
class Followed implements Paginator {
  readonly total = undefined;
  readonly #first: PageRequest;
  readonly #find: (page: PageRead) => PageRequest | undefined;
  readonly #seen = new Set<string>();
  #followed = false;

  constructor(first: PageRequest, find: (page: PageRead) => PageRequest | undefined) {
    this.#first = first;
    this.#find = find;
  }

  get neverFollowed(): boolean {
    return !this.#followed;
  }

  first(): PageRequest {
    return this.#noted(this.#first);
  }

  next(page: PageRead): PageRequest | undefined {
    const next = this.#find(page);
    if (next === undefined) return undefined;
    this.#followed = true;
    return this.#noted(next);
  }

  #noted(request: PageRequest): PageRequest {
    const key = `${request.url.href}\n${request.body ?? ""}`;
    if (this.#seen.has(key))
      throw apiError(
        "API_PAGINATION_LOOP",
        `page ${String(request.number - 1)} of ${placeOf(request.url)} leads back to a page that was read before`,
      );
    this.#seen.add(key);
    return request;
  }
}

type NumberedParams = Extract<PaginationParams, { type: "page" | "offset" }>;

/** Pages or records are counted, so that each request is known ahead. */
class Numbered implements Paginator {
  total: number | undefined;
  readonly neverFollowed = false;
  readonly #params: NumberedParams;
  readonly #request: (number: number, more: readonly PlacedValue[]) => PageRequest;
  readonly #totalPath: readonly PathStep[] | undefined;
  readonly #pagesPath: readonly PathStep[] | undefined;
  /** Records of the first page: what a server gives when it caps what was asked for. */
  #step: number | undefined;
  #pages: number | undefined;
  #read = 0;

  constructor(params: NumberedParams, request: (number: number, more: readonly PlacedValue[]) => PageRequest) {
    this.#params = params;
    this.#request = request;
    this.#totalPath = pathOf(params.total_path, "pagination.total_path");
    this.#pagesPath = pathOf(
      params.type === "page" ? params.total_pages_path : undefined,
      "pagination.total_pages_path",
    );
  }

  first(): PageRequest {
    return this.#at(1, 0);
  }

  next(page: PageRead): PageRequest | undefined {
    const { number } = page.request;
    if (page.pastEnd || page.records === 0) return undefined;
    // Offsets that were reckoned ahead hold only while every page but the last is as large as the first.
    if (page.request.offset !== undefined && page.request.offset !== this.#read)
      throw apiError(
        "API_PAGE_GAP",
        `page ${String(number)} was asked for from record ${String(page.request.offset)} on, but the pages before hold ${String(this.#read)}: records would be missed or read twice`,
      );
    this.#read += page.records;
    if (number === 1) {
      this.#step = page.records;
      this.total = count(page.document, this.#totalPath);
      this.#pages =
        count(page.document, this.#pagesPath) ??
        (this.total === undefined ? undefined : Math.ceil(this.total / page.records));
    }
    if (this.#pages !== undefined && number >= this.#pages) return undefined;
    return this.#at(number + 1, this.#read);
  }

  ahead(number: number): PageRequest | undefined {
    if (this.#pages !== undefined && number > this.#pages) return undefined;
    return this.#at(number, (number - 1) * (this.#step ?? 0));
  }

  #at(number: number, offset: number): PageRequest {
    const params = this.#params;
    const where = params.in ?? "query";
    if (params.type === "page") {
      return this.#request(number, [
        { name: params.page_parameter ?? "page", value: (params.first_page ?? 1) + number - 1, in: where },
        ...(params.page_size === undefined
          ? []
          : [{ name: params.page_size_parameter ?? "per_page", value: params.page_size, in: where }]),
      ]);
    }
    const request = this.#request(number, [
      { name: params.offset_parameter ?? "offset", value: (params.first_offset ?? 0) + offset, in: where },
      { name: params.limit_parameter ?? "limit", value: params.limit ?? 100, in: where },
    ]);
    return { ...request, offset };
  }
}

function count(document: JsonValue, path: readonly PathStep[] | undefined): number | undefined {
  if (path === undefined) return undefined;
  const text = scalarText(valueAt(document, path));
  const value = Number(text);
  if (text === undefined || text === "" || !Number.isSafeInteger(value) || value < 0)
    throw apiError(
      "API_BAD_CURSOR",
      `the first page has no whole number at the path of the total (it has ${text === undefined ? "nothing" : JSON.stringify(text.slice(0, 40))})`,
    );
  return value;
}
