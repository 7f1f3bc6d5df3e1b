import { openWorkbench } from "./api-workbench.js";
import type { Table, Workbench } from "./api-workbench.js";
import { json, records } from "./server/misbehaving-server.js";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.stop());
beforeEach(() => bench.api.reset());

const ids = (table: Table): number[] => table.rows.map((row) => Number(row[0]));
const upTo = (count: number): number[] => records(1, count).map((one) => one.id);

/** Gives records `(page - 1) * size + 1` and so on, of `total`. */
const numbered = (total: number, size: number, wrap: (items: unknown[]) => unknown = (items) => items) =>
  bench.api.on("/items", (seen, response) => {
    const page = Number(seen.query.get("page") ?? 1);
    json(response, wrap(records((page - 1) * size + 1, Math.min(total, page * size))));
  });

const counted = (total: number, cap: number, wrap: (items: unknown[]) => unknown = (items) => items) =>
  bench.api.on("/items", (seen, response) => {
    const from = Number(seen.query.get("offset"));
    const size = Math.min(cap, Number(seen.query.get("limit")));
    json(response, wrap(records(from + 1, Math.min(total, from + size))));
  });

test("one answer", async () => {
  const endpoint = bench.api.on("/items", (_seen, response) => json(response, records(1, 3)));
  expect(ids(await bench.read({ endpoint }))).toEqual([1, 2, 3]);
  expect(bench.api.seen).toHaveLength(1);
});

test.each([1, 4])("page numbers until an empty page, %d at once", async (concurrency) => {
  const endpoint = numbered(25, 10);
  const table = await bench.read({ endpoint, concurrency, pagination: { type: "page", page_size: 10 } });
  expect(ids(table)).toEqual(upTo(25));
  expect(table.envelope?.metrics).toMatchObject({ rows_read: 25, rows_output: 25, rows_rejected: 0 });
  expect(bench.api.seen[0]?.query.get("per_page")).toBe("10");
});

test("a total spares the empty page, and pages are fetched ahead in order", async () => {
  const endpoint = numbered(40, 4, (items) => ({ total: 40, items }));
  const pagination = { type: "page", page_size: 100, total_path: "total" };
  const table = await bench.read({ endpoint, records_path: "items", concurrency: 4, pagination });
  expect(ids(table)).toEqual(upTo(40));
  expect(bench.api.seen).toHaveLength(10);
});

test("a total that is not met is a warning", async () => {
  const endpoint = numbered(8, 4, (items) => ({ total: 9, items }));
  const table = await bench.read({
    endpoint,
    records_path: "items",
    pagination: { type: "page", total_path: "total" },
  });
  expect(table.envelope).toMatchObject({ status: "warning" });
  expect(table.envelope?.warnings.join()).toContain("told of 9 records and gave 8");
});

test("the number of pages, and a status past the last one", async () => {
  const paged = numbered(9, 3, (items) => ({ pages: 3, items }));
  const one = await bench.read({
    endpoint: paged,
    records_path: "items",
    pagination: { type: "page", total_pages_path: "pages" },
  });
  expect(ids(one)).toEqual(upTo(9));
  expect(bench.api.seen).toHaveLength(3);
  const endpoint = bench.api.on("/end", (seen, response) => {
    const page = Number(seen.query.get("page"));
    if (page >= 2) json(response, { error: "no such page" }, {}, 404);
    else json(response, records(page * 2 + 1, page * 2 + 2));
  });
  const pagination = { type: "page", first_page: 0, end_status: 404 };
  expect(ids(await bench.read({ endpoint, pagination }))).toEqual([1, 2, 3, 4]);
  expect(await bench.fail({ endpoint, pagination: { type: "page", first_page: 0 } })).toContain("answered 404");
});

test("offsets follow what the server gives when it caps the page", async () => {
  const endpoint = counted(23, 5);
  expect(ids(await bench.read({ endpoint, pagination: { type: "offset", limit: 10 } }))).toEqual(upTo(23));
  expect(ids(await bench.read({ endpoint, concurrency: 3, pagination: { type: "offset", limit: 10 } }))).toEqual(
    upTo(23),
  );
});

test("a page that is short in the middle of offsets reckoned ahead fails instead of losing records", async () => {
  const endpoint = bench.api.on("/items", (seen, response) => {
    const from = Number(seen.query.get("offset"));
    json(response, records(from + 1, from + (from === 10 ? 4 : 10)));
  });
  const said = await bench.fail({ endpoint, concurrency: 4, pagination: { type: "offset", limit: 10 } });
  expect(said).toContain("API_PAGE_GAP");
});

test("cursors, in the query and in the body", async () => {
  const pages = new Map([["", "a&b=c"], ["a&b=c", "é"], ["é", ""]]); // prettier-ignore
  const order = [...pages.keys()];
  const endpoint = bench.api.on("/items", (seen, response) => {
    const body = seen.body === "" ? {} : (JSON.parse(seen.body) as { after?: { cursor?: string } });
    const cursor = seen.query.get("cursor") ?? body.after?.cursor ?? "";
    const index = order.indexOf(cursor);
    json(response, {
      data: records(index * 2 + 1, index * 2 + 2),
      next: pages.get(cursor) === "" ? null : pages.get(cursor),
    });
  });
  const pagination = { type: "cursor", cursor_path: "next" };
  expect(ids(await bench.read({ endpoint, records_path: "data", pagination }))).toEqual(upTo(6));
  const inBody = { ...pagination, in: "body", cursor_parameter: "after.cursor" };
  expect(ids(await bench.read({ endpoint, records_path: "data", body: { query: "all" }, pagination: inBody }))).toEqual(
    upTo(6),
  );
  expect(bench.api.seen.at(-1)).toMatchObject({ method: "POST", body: '{"query":"all","after":{"cursor":"é"}}' });
});

test("has_more without a cursor fails", async () => {
  const endpoint = bench.api.on("/items", (_seen, response) => json(response, { data: records(1, 2), more: true }));
  const pagination = { type: "cursor", cursor_path: "next", has_more_path: "more" };
  expect(await bench.fail({ endpoint, records_path: "data", pagination })).toContain("API_BAD_CURSOR");
});

test("the Link header and next addresses, relative ones too", async () => {
  const endpoint = bench.api.on("/items", (seen, response) => {
    const page = Number(seen.query.get("p") ?? 1);
    const link =
      page < 3
        ? {
            link: `<https://elsewhere.test/>; rel="prev", </items?p=${String(page + 1)}&x=1,2>; title="a, b"; rel="last next"`,
          }
        : {};
    json(response, { data: records(page, page), next: page < 3 ? `?p=${String(page + 1)}` : "" }, link);
  });
  expect(ids(await bench.read({ endpoint, records_path: "data", pagination: { type: "link_header" } }))).toEqual([
    1, 2, 3,
  ]);
  expect(
    ids(await bench.read({ endpoint, records_path: "data", pagination: { type: "next_url", next_path: "next" } })),
  ).toEqual([1, 2, 3]);
});

test.each([
  ["a cursor that returns", { type: "cursor", cursor_path: "next" }, "API_PAGINATION_LOOP"],
  ["an address that returns", { type: "next_url", next_path: "url" }, "API_PAGINATION_LOOP"],
  ["a server that does not know the page parameter", { type: "page" }, "API_PAGINATION_LOOP"],
  ["an address that never ends", { type: "next_url", next_path: "endless" }, "API_TOO_MANY_PAGES"],
])("endless: %s", async (_name, pagination, code) => {
  const endpoint = bench.api.on("/items", (seen, response) => {
    const turn = Number(seen.query.get("turn") ?? 0);
    json(response, { data: records(1, 2), next: "same", url: "/items", endless: `/items?turn=${String(turn + 1)}` });
  });
  expect(await bench.fail({ endpoint, records_path: "data", max_pages: 5, pagination })).toContain(code);
});

test("what was fetched ahead of the last page is given up", async () => {
  const endpoint = bench.api.on("/items", (seen, response) => {
    const page = Number(seen.query.get("page"));
    if (page <= 2) json(response, records(page, page));
    else if (page === 3) json(response, []);
    // Never answered.
  });
  expect(ids(await bench.read({ endpoint, concurrency: 8, pagination: { type: "page" } }))).toEqual([1, 2]);
});
