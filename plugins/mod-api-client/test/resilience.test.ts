import { openWorkbench } from "./api-workbench.js";
import type { Table, Workbench } from "./api-workbench.js";
import { MisbehavingServer, bomb, cut, json, records } from "./server/misbehaving-server.js";
import { brotliCompressSync, gzipSync } from "node:zlib";

let bench: Workbench;
let other: MisbehavingServer;
beforeAll(async () => {
  bench = await openWorkbench();
  other = await MisbehavingServer.start();
});
afterAll(async () => {
  await bench.stop();
  await other.stop();
});
beforeEach(() => {
  bench.api.reset();
  other.reset();
});

const ids = (table: Table): number[] => table.rows.map((row) => Number(row[0]));

test.each([429, 500, 502, 503, 504, 408])("status %d passes after new tries", async (status) => {
  const endpoint = bench.api.on("/items", (_seen, response, turn) =>
    turn <= 2 ? json(response, { error: "later" }, { "retry-after": "0" }, status) : json(response, records(1, 2)),
  );
  const table = await bench.read({ endpoint });
  expect(ids(table)).toEqual([1, 2]);
  expect(table.envelope?.metrics).toMatchObject({ retries: 2, requests: 3 });
});

test("Retry-After as a date in the past is no wait; one that is too far off ends the run", async () => {
  const endpoint = bench.api.on("/items", (_seen, response, turn) =>
    turn === 1
      ? json(response, {}, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }, 429)
      : json(response, records(1, 1)),
  );
  expect(ids(await bench.read({ endpoint, retry_delay: "10m" }))).toEqual([1]);
  const slow = bench.api.on("/slow", (_seen, response) => json(response, {}, { "retry-after": "86400" }, 429));
  expect(await bench.fail({ endpoint: slow, max_retry_delay: "1s" })).toMatch(/API_HTTP_STATUS.*86400 s/s);
  expect(bench.api.to("/slow")).toHaveLength(1);
});

test("tries end, and what is the caller's fault is not tried again", async () => {
  const endpoint = bench.api.on("/items", (_seen, response) => json(response, { message: "broken   inside" }, {}, 500));
  expect(await bench.fail({ endpoint, max_retries: 2 })).toMatch(/API_HTTP_STATUS.*500.*broken inside.*after 3 tries/s);
  expect(bench.api.seen).toHaveLength(3);
  const wrong = bench.api.on("/wrong", (_seen, response) => json(response, { message: "no such field" }, {}, 400));
  expect(await bench.fail({ endpoint: wrong })).toContain("no such field");
  expect(bench.api.to("/wrong")).toHaveLength(1);
});

test("a body that is cut is fetched again, and fails when it stays so", async () => {
  const endpoint = bench.api.on("/items", (_seen, response, turn) =>
    turn === 1 ? cut(response, '[{"id":1},') : json(response, records(1, 2)),
  );
  expect(ids(await bench.read({ endpoint }))).toEqual([1, 2]);
  const always = bench.api.on("/always", (_seen, response) => cut(response, '[{"id":1}'));
  expect(await bench.fail({ endpoint: always, max_retries: 1 })).toContain("API_BODY_CUT");
  const gzip = bench.api.on("/gzip", (_seen, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(gzipSync(JSON.stringify(records(1, 5_000))).subarray(0, 200));
  });
  expect(await bench.fail({ endpoint: gzip, max_retries: 1 })).toMatch(/API_BODY_CUT.*after 2 tries/s);
});

test("a failure on a later page leaves no table, and none of the earlier pages twice", async () => {
  const route = (fails: number) =>
    bench.api.on("/items", (seen, response, turn) => {
      const page = Number(seen.query.get("page"));
      if (page === 3 && turn <= 3 + fails - 1) cut(response, '[{"id":5},{"id":');
      else json(response, page > 4 ? [] : records(page * 2 - 1, page * 2));
    });
  const params = { pagination: { type: "page" }, max_retries: 2 };
  expect(ids(await bench.read({ endpoint: route(1), ...params }))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await bench.fail({ endpoint: route(99), ...params })).toContain("API_BODY_CUT");
});

test.each(["gzip", "br"] as const)("compressed answers, and %s bombs", async (encoding) => {
  const compress = encoding === "gzip" ? gzipSync : brotliCompressSync;
  const endpoint = bench.api.on("/items", (_seen, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding });
    response.end(compress(JSON.stringify(records(1, 1_000))));
  });
  expect(ids(await bench.read({ endpoint }))).toHaveLength(1_000);
  expect(bench.api.seen[0]?.headers["accept-encoding"]).toBe("gzip, br");
  const evil = bench.api.on("/bomb", (_seen, response) => bomb(response, 20_000_000, encoding));
  expect(await bench.fail({ endpoint: evil, max_response_size: "1MB" })).toContain("API_BODY_TOO_LARGE");
  expect(bench.api.to("/bomb")).toHaveLength(1);
});

test("encodings that nobody asked for, and bodies that say that they are too large", async () => {
  const odd = bench.api.on("/odd", (_seen, response) => json(response, "x", { "content-encoding": "zstd" }));
  expect(await bench.fail({ endpoint: odd })).toContain("API_BAD_ENCODING");
  const notGzip = bench.api.on("/not", (_seen, response) => json(response, "[]", { "content-encoding": "gzip" }));
  expect(await bench.fail({ endpoint: notGzip })).toContain("API_BAD_ENCODING");
  const large = bench.api.on("/large", (_seen, response) => json(response, records(1, 10_000)));
  expect(await bench.fail({ endpoint: large, max_response_size: "10kB" })).toContain("API_BODY_TOO_LARGE");
});

test("slow bodies and silent servers run out of time", async () => {
  const slow = bench.api.on("/slow", (_seen, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("[");
    const timer = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(timer));
  });
  expect(await bench.fail({ endpoint: slow, timeout: 0.2, max_retries: 0 })).toContain("API_TIMEOUT");
  const silent = bench.api.on("/silent", () => undefined);
  expect(await bench.fail({ endpoint: silent, timeout: "100ms", max_retries: 1 })).toMatch(
    /API_TIMEOUT.*after 2 tries/s,
  );
});

test("a server that is not there", async () => {
  const gone = await MisbehavingServer.start();
  const { origin } = gone;
  await gone.stop();
  expect(await bench.fail({ endpoint: origin, max_retries: 1 })).toMatch(/API_UNREACHABLE.*after 2 tries/s);
  expect(await bench.fail({ endpoint: "http://no-such-host.invalid/", max_retries: 0 })).toContain("API_UNREACHABLE");
});

test("a web page, and JSON that breaks half-way", async () => {
  const page = bench.api.on("/page", (_seen, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<!doctype html><title>Log in</title>");
  });
  expect(await bench.fail({ endpoint: page })).toMatch(/API_NOT_JSON.*text\/html.*Log in/s);
  const mislabelled = bench.api.on("/mislabelled", (_seen, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.end('\n[{"id":1}]');
  });
  expect(ids(await bench.read({ endpoint: mislabelled }))).toEqual([1]);
  const broken = bench.api.on("/broken", (_seen, response) => json(response, '[{"id":1},\n {"id":2,}]'));
  expect(await bench.fail({ endpoint: broken })).toMatch(/API_BAD_JSON.*line 2, column 10/s);
  const empty = bench.api.on("/empty", (_seen, response) => json(response, ""));
  expect(await bench.fail({ endpoint: empty })).toContain("it is empty");
  const bytes = bench.api.on("/bytes", (_seen, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]));
  });
  expect(await bench.fail({ endpoint: bytes })).toContain("API_BAD_ENCODING");
});

test("redirects stay on the origin; credentials never leave it", async () => {
  const endpoint = bench.api.on("/items", (seen, response) => {
    response.writeHead(302, { location: seen.query.get("to") ?? "" }).end();
  });
  bench.api.on("/moved", (_seen, response) => json(response, records(1, 1)));
  const auth = {
    auth_method: "bearer",
    token: "top-secret-token",
    secret_headers: [{ name: "X-Tenant", value: "hush-hush" }],
  };
  const to = (target: string): Record<string, unknown> => ({ endpoint, query_parameters: { to: target }, ...auth });
  expect(ids(await bench.read(to("/moved")))).toEqual([1]);
  expect(bench.api.to("/moved")[0]?.headers).toMatchObject({
    authorization: "Bearer top-secret-token",
    "x-tenant": "hush-hush",
  });
  other.on("/steal", (_seen, response) => json(response, records(1, 1)));
  expect(await bench.fail(to(`${other.origin}/steal`))).toContain("API_FOREIGN_URL");
  expect(await bench.fail(to("http://169.254.169.254/latest/meta-data/"))).toContain("API_FOREIGN_URL");
  expect(await bench.fail(to(`http://user:pw@127.0.0.1:${String(bench.api.port)}/moved`))).toContain("API_FOREIGN_URL");
  expect(other.seen).toHaveLength(0);
  // On an origin that is allowed, the same host is the endpoint's own, so that it may be private.
  expect(ids(await bench.read({ ...to(`${other.origin}/steal`), allowed_origins: [other.origin] }))).toEqual([1]);
  expect(other.seen[0]?.headers).not.toHaveProperty("authorization");
  expect(other.seen[0]?.headers).not.toHaveProperty("x-tenant");
  // Nor do they with a next page there.
  other.reset();
  other.on("/next", (_seen, response) => json(response, { data: records(2, 2) }));
  const first = bench.api.on("/first", (_seen, response) =>
    json(response, { data: records(1, 1), next: `${other.origin}/next` }),
  );
  const paged = { records_path: "data", pagination: { type: "next_url", next_path: "next" } };
  const keyed = { auth_method: "api_key", api_key: "top-secret-key", api_key_in: "query" };
  const both = await bench.read({ endpoint: first, ...auth, ...paged, ...keyed, allowed_origins: [other.origin] });
  expect(ids(both)).toEqual([1, 2]);
  expect(JSON.stringify([other.seen[0]?.headers, [...(other.seen[0]?.query ?? [])]])).not.toMatch(/top-secret|hush/);
  bench.api.on("/round", (_seen, response) => response.writeHead(307, { location: "/round" }).end());
  expect(await bench.fail({ endpoint: `${bench.api.origin}/round` })).toContain("API_PAGINATION_LOOP");
});

test("private addresses are refused when the connection is made, even on an origin that is allowed", async () => {
  const inside = `http://localhost:${String(other.port)}`;
  other.on("/inside", (_seen, response) => json(response, records(1, 1)));
  const endpoint = bench.api.on("/items", (_seen, response) =>
    json(response, { data: records(1, 1), next: `${inside}/inside` }),
  );
  const params = { endpoint, records_path: "data", pagination: { type: "next_url", next_path: "next" } };
  expect(await bench.fail(params)).toContain("API_FOREIGN_URL");
  expect(await bench.fail({ ...params, allowed_origins: [inside] })).toMatch(
    /API_ADDRESS_REFUSED.*localhost leads to/s,
  );
  const metadata = bench.api.on("/metadata", (_seen, response) =>
    response.writeHead(302, { location: "http://169.254.169.254/" }).end(),
  );
  expect(await bench.fail({ endpoint: metadata, allowed_origins: ["http://169.254.169.254"] })).toContain(
    "API_ADDRESS_REFUSED",
  );
  expect(other.seen).toHaveLength(0);
});

test("a rate limit spaces requests out", async () => {
  const endpoint = bench.api.on("/items", (seen, response) => {
    const page = Number(seen.query.get("page"));
    json(response, page > 4 ? [] : records(page, page));
  });
  const began = performance.now();
  await bench.read({ endpoint, rate_limit: 50, concurrency: 4, pagination: { type: "page" } });
  // A lower bound, which holds on a machine of any speed.
  expect(performance.now() - began).toBeGreaterThan((bench.api.seen.length - 1) * 20 - 10);
});
