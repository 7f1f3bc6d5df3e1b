import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { openWorkbench } from "./api-workbench.js";
import type { Workbench } from "./api-workbench.js";
import { json, records } from "./server/misbehaving-server.js";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.stop());
beforeEach(() => bench.api.reset());

/** Lets in who has the current token; each token is good for `uses` requests. */
const oauth = (uses: number, life?: number): { endpoint: string; token_url: string } => {
  let current = 0;
  let left = 0;
  const token_url = bench.api.on("/token", (_seen, response) => {
    current += 1;
    left = uses;
    json(response, {
      access_token: `access-${String(current)}-token`,
      token_type: "Bearer",
      ...(life === undefined ? {} : { expires_in: life }),
    });
  });
  const endpoint = bench.api.on("/items", (seen, response) => {
    if (seen.headers.authorization !== `Bearer access-${String(current)}-token` || left === 0) {
      json(response, { error: `expired: ${seen.headers.authorization ?? ""}` }, {}, 401);
      return;
    }
    left -= 1;
    const page = Number(seen.query.get("page"));
    json(response, page > 5 ? [] : records(page, page));
  });
  return { endpoint, token_url };
};

test("basic, bearer, API key in header and query", async () => {
  const endpoint = bench.api.on("/items", (_seen, response) => json(response, records(1, 1)));
  const last = () => bench.api.seen.at(-1);
  await bench.read({ endpoint, auth_method: "basic", username: "jörg", password: "a:b" });
  expect(last()?.headers.authorization).toBe(`Basic ${Buffer.from("jörg:a:b").toString("base64")}`);
  await bench.read({ endpoint, auth_method: "bearer", token: "the-token" });
  expect(last()?.headers.authorization).toBe("Bearer the-token");
  await bench.read({ endpoint, auth_method: "api_key", api_key: "the-key" });
  expect(last()?.headers["x-api-key"]).toBe("the-key");
  await bench.read({ endpoint, auth_method: "api_key", api_key: "the key&", api_key_in: "query", api_key_name: "k" });
  expect(last()?.query.get("k")).toBe("the key&");
});

test("a key in the query goes with next addresses and stands in no message, log or ledger", async () => {
  const endpoint = bench.api.on("/items", (seen, response) =>
    seen.query.get("p") === "2"
      ? json(response, { said: seen.query.get("api_key") }, {}, 500)
      : json(response, { data: records(1, 1), next: "?p=2" }),
  );
  const params = {
    endpoint,
    records_path: "data",
    auth_method: "api_key",
    api_key: "s3cr3t-key-of-the-query",
    api_key_in: "query",
    max_retries: 1,
    pagination: { type: "next_url", next_path: "next" },
  };
  expect(await bench.fail(params)).not.toContain("s3cr3t");
  expect(bench.api.seen.at(-1)?.query.get("api_key")).toBe("s3cr3t-key-of-the-query");
  const files = readdirSync(bench.folder, { recursive: true, withFileTypes: true }).filter(
    (one) => one.isFile() && /ndjson|log|index|json$/.test(one.name),
  );
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(readFileSync(path.join(file.parentPath, file.name), "utf8")).not.toContain("s3cr3t");
});

test("what the specification's project gives is accepted, and says what is still missing", async () => {
  const said = await bench.fail({
    endpoint: "https://customer-analytics-api.internal.com",
    timeout: 60,
    auth_method: "oauth2",
  });
  expect(said).toMatch(/API_AUTH_INCOMPLETE.*`token_url` and `client_id` and `client_secret`/s);
});

test("client credentials, in the header and in the body", async () => {
  const params = {
    ...oauth(99),
    auth_method: "oauth2",
    client_id: "the client",
    client_secret: "s+s",
    scope: "read",
    pagination: { type: "page" },
  };
  expect((await bench.read(params)).rows).toHaveLength(5);
  const [token] = bench.api.to("/token");
  expect(bench.api.to("/token")).toHaveLength(1);
  expect(token?.headers.authorization).toBe(`Basic ${Buffer.from("the+client:s%2Bs").toString("base64")}`);
  expect(token?.body).toBe("grant_type=client_credentials&scope=read");
  await bench.read({ ...params, client_authentication: "body" });
  expect(new URLSearchParams(bench.api.to("/token").at(-1)?.body).get("client_secret")).toBe("s+s");
});

test("a token is fetched anew when it is refused, once, by all requests together", async () => {
  const params = {
    ...oauth(2),
    auth_method: "oauth2",
    client_id: "c",
    client_secret: "secret-of-c",
    pagination: { type: "page" },
  };
  expect((await bench.read(params)).rows).toHaveLength(5);
  expect(bench.api.to("/token").length).toBe(3);
  bench.api.reset();
  expect((await bench.read({ ...params, ...oauth(99), concurrency: 4 })).rows).toHaveLength(5);
  expect(bench.api.to("/token")).toHaveLength(1);
  bench.api.reset();
  const said = await bench.fail({ ...params, ...oauth(0) });
  expect(said).toContain("API_AUTH_FAILED");
  // The server repeats the token in its error.
  expect(said).not.toContain("access-2-token");
  expect(bench.api.to("/items")).toHaveLength(2);
});

test("a token is replaced before it expires", async () => {
  const params = {
    ...oauth(99, 0.001),
    auth_method: "oauth2",
    client_id: "c",
    client_secret: "secret-of-c",
    pagination: { type: "page" },
  };
  expect((await bench.read(params)).rows).toHaveLength(5);
  expect(bench.api.to("/token").length).toBeGreaterThan(1);
  expect(bench.api.to("/items")).toHaveLength(6);
});

test("refresh tokens; a failed token request says what the server said and no secret", async () => {
  const params = {
    ...oauth(99),
    auth_method: "oauth2",
    client_id: "c",
    refresh_token: "r-token-1",
    pagination: { type: "page" },
  };
  expect((await bench.read(params)).rows).toHaveLength(5);
  expect(bench.api.to("/token")[0]?.body).toBe("grant_type=refresh_token&refresh_token=r-token-1&client_id=c");
  const token_url = bench.api.on("/denied", (_seen, response) =>
    json(response, { error: "invalid_grant", error_description: "revoked" }, {}, 400),
  );
  expect(await bench.fail({ ...params, token_url })).toMatch(/API_AUTH_FAILED.*invalid_grant, revoked/s);
  expect(bench.api.to("/denied")).toHaveLength(1);
});

test.each([
  [{ headers: { Authorization: "Bearer x" } }, "secret_headers"],
  [{ headers: { "Content-Length": "1" } }, "set by the client itself"],
  [{ headers: { "a b": "1" } }, "cannot stand in a header"],
  [{ auth_method: "bearer", token: "x\ny" }, "line end"],
  [{ endpoint: "http://user:pw@localhost/" }, "auth_method: basic"],
  [{ endpoint: "http://" }, "no address"],
  [{ records_path: "a..b" }, "cannot be read as a path"],
  [{ columns: { id: "NUMBER" } }, "is not a type"],
  [{ watermark_field: "id" }, "watermark_parameter"],
  [{ method: "GET", body: {} }, "`method` is GET"],
])("parameters that do not fit: %j", async (params, text) => {
  const endpoint = bench.api.on("/items", (_seen, response) => json(response, records(1, 1)));
  const envelope = await bench.run({ endpoint, ...params });
  expect(envelope).toMatchObject({ status: "error", exit_code: 20 });
  expect(envelope.errors.join()).toContain(text);
  if (!("records_path" in params)) expect(bench.api.seen).toHaveLength(0);
});
