import { openWorkbench } from "./api-workbench.js";
import type { Workbench } from "./api-workbench.js";
import { json } from "./server/misbehaving-server.js";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.stop());
beforeEach(() => bench.api.reset());

const ROWS = "select i as id, 'name ' || i as name from range(1, 11) r(i)";
const send = async (params: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> => ({
  mode: "send",
  input_artifact: await bench.artifact("rows", ROWS),
  batch_size: 4,
  ...params,
});
const accept = (): string => bench.api.on("/rows", (_seen, response) => json(response, {}, {}, 201));
const bodies = (): unknown[] => bench.api.to("/rows").map((one) => JSON.parse(one.body) as unknown);

test("a table in batches, each with a key that is the same at every rerun", async () => {
  const params = await send({ endpoint: accept() });
  const envelope = await bench.run(params);
  expect(envelope).toMatchObject({
    status: "success",
    metrics: { rows_read: 10, rows_output: 10, rows_rejected: 0, batches_sent: 3 },
  });
  expect((bodies() as { id: number }[][]).flat().map((row) => row.id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const keys = bench.api.to("/rows").map((one) => one.headers["idempotency-key"]);
  expect(new Set(keys).size).toBe(3);
  await bench.run(params);
  expect(
    bench.api
      .to("/rows")
      .slice(3)
      .map((one) => one.headers["idempotency-key"]),
  ).toEqual(keys);
});

test("values digit for digit, in every form of body", async () => {
  const query = `select 9007199254740993 as big, 1234567890123456789012345678.1234567890::decimal(38,10) as dec, timestamptz '2024-01-01 10:00:00.5+00' as tz,
    timestamp '2024-01-01 10:00:00' as ts, date '2024-02-29' as d, null as n, 'a"b' as "odd ""name", '{"k":12345678901234567.25}'::json as j, [1, null] as l, true as t, {'x': 0.1::double} as s`;
  const input_artifact = await bench.artifact("values", query);
  const text =
    '{"big":9007199254740993,"dec":1234567890123456789012345678.1234567890,"tz":"2024-01-01T10:00:00.500000Z","ts":"2024-01-01T10:00:00","d":"2024-02-29","n":null,"odd \\"name":"a\\"b","j":{"k":12345678901234567.25},"l":[1,null],"t":true,"s":{"x":0.1}}';
  const endpoint = accept();
  const body = async (params: Readonly<Record<string, unknown>>): Promise<string | undefined> => {
    expect((await bench.run({ mode: "send", endpoint, input_artifact, ...params })).errors).toEqual([]);
    return bench.api.seen.at(-1)?.body;
  };
  expect(await body({})).toBe(`[${text}]`);
  expect(await body({ body_key: "records" })).toBe(`{"records":[${text}]}`);
  expect(await body({ body_format: "object", batch_size: 1, method: "PUT" })).toBe(text);
  expect(await body({ body_format: "ndjson" })).toBe(`${text}\n`);
  expect(bench.api.seen.at(-1)?.headers["content-type"]).toBe("application/x-ndjson");
  const nan = await bench.artifact("nan", "select 1.5::double as x union all select 'nan'::double");
  const before = bench.api.seen.length;
  expect(await bench.fail({ mode: "send", endpoint, input_artifact: nan })).toMatch(/API_BAD_VALUE.*row 2/s);
  expect(bench.api.seen).toHaveLength(before);
});

test("a refused batch ends the run and says exactly how far it came", async () => {
  const endpoint = bench.api.on("/rows", (_seen, response, turn) =>
    json(response, { error: "bad name" }, {}, turn === 2 ? 422 : 200),
  );
  const said = await bench.fail(await send({ endpoint }));
  expect(said).toMatch(
    /API_SEND_FAILED: batch 2 \(rows 5 to 8\) was refused:.*422.*bad name.*of the 4 rows before it 4 were taken; rows 9 to 10 were not sent/s,
  );
  expect(bench.api.seen).toHaveLength(2);
});

test("refused rows are set aside, batch by batch and row by row", async () => {
  const endpoint = bench.api.on("/rows", (seen, response, turn) => {
    if (turn === 1)
      json(
        response,
        {
          failed: [
            { index: 2, message: "name is taken" },
            { index: 0, message: "bad id" },
          ],
        },
        {},
        207,
      );
    else if (turn === 2) json(response, { error: "no" }, {}, 400);
    else json(response, { failed: [] });
  });
  const envelope = await bench.run(await send({ endpoint, on_bad_row: "quarantine", row_errors_path: "failed" }));
  expect(envelope).toMatchObject({
    status: "warning",
    metrics: { rows_read: 10, rows_output: 4, rows_rejected: 6, rows_unknown: 0 },
  });
  const aside = await bench.rows(envelope.artifacts["quarantine"] ?? "");
  expect(Object.keys(aside.columns)).toEqual(["row_number", "batch_number", "outcome", "message", "id", "name"]);
  expect(aside.rows.map((row) => [row[0], row[1], row[4]])).toEqual([
    ["1", "1", "1"],
    ["3", "1", "3"],
    ["5", "2", "5"],
    ["6", "2", "6"],
    ["7", "2", "7"],
    ["8", "2", "8"],
  ]);
  expect(aside.rows.slice(0, 2).map((row) => row[3])).toEqual(["bad id", "name is taken"]);
  const always = bench.api.on("/always", (_seen, response) => json(response, { error: "no" }, {}, 400));
  const limited = await send({ endpoint: always, on_bad_row: "quarantine", max_bad_rows: 5 });
  expect(await bench.fail(limited)).toMatch(
    /API_BAD_ROWS: batch 2.*of the 4 rows before it 0 were taken; rows 9 to 10/s,
  );
});

test("a batch of which nobody knows whether it arrived is not sent twice, unless that is harmless", async () => {
  const broken = (): string =>
    bench.api.on("/rows", (_seen, response, turn) => {
      if (turn === 1) response.socket?.destroy();
      else json(response, {});
    });
  expect(await bench.fail(await send({ endpoint: broken() }))).toMatch(
    /nobody knows whether batch 1 \(rows 1 to 4\) was taken/,
  );
  expect(bench.api.seen).toHaveLength(1);
  bench.api.reset();
  const envelope = await bench.run(await send({ endpoint: broken(), on_bad_row: "quarantine" }));
  expect(envelope.metrics).toMatchObject({ rows_output: 6, rows_rejected: 4, rows_unknown: 4 });
  bench.api.reset();
  expect((await bench.run(await send({ endpoint: broken(), repeat_unknown: true }))).metrics).toMatchObject({
    rows_output: 10,
    retries: 1,
  });
  const keys = bench.api.seen.map((one) => one.headers["idempotency-key"]);
  expect(keys[0]).toBe(keys[1]);
});

test("an overloaded endpoint says that it took nothing: tried again", async () => {
  const endpoint = bench.api.on("/rows", (_seen, response, turn) =>
    json(response, {}, { "retry-after": "0" }, turn === 1 ? 429 : 200),
  );
  expect((await bench.run(await send({ endpoint }))).metrics).toMatchObject({ rows_output: 10, retries: 1 });
  const error = bench.api.on("/rows", (_seen, response) => json(response, {}, {}, 500));
  expect(await bench.fail(await send({ endpoint: error }))).toContain("nobody knows");
});

test("answers that do not say which row failed leave nothing sure", async () => {
  const odd = (answer: unknown, status = 200): string =>
    bench.api.on("/rows", (_seen, response) => json(response, answer, {}, status));
  expect(await bench.fail(await send({ endpoint: odd({}, 207) }))).toContain("row_errors_path");
  expect(await bench.fail(await send({ endpoint: odd({ e: [{ index: 9 }] }), row_errors_path: "e" }))).toContain(
    "does not say which",
  );
  expect(await bench.fail(await send({ endpoint: odd("oops"), row_errors_path: "e" }))).toContain("nobody knows");
});

test("a redirect of a POST is not followed as a GET", async () => {
  const endpoint = bench.api.on("/rows", (_seen, response) =>
    response.writeHead(302, { location: "/elsewhere" }).end(),
  );
  expect(await bench.fail(await send({ endpoint }))).toMatch(/redirect \(302\)/);
  expect(bench.api.to("/elsewhere")).toHaveLength(0);
  bench.api.on("/moved", (_seen, response) => response.writeHead(308, { location: "/rows" }).end());
  accept();
  expect((await bench.run(await send({ endpoint: `${bench.api.origin}/moved` }))).metrics).toMatchObject({
    rows_output: 10,
  });
});

test("nothing to send, and parameters that do not fit", async () => {
  const endpoint = accept();
  const none = await bench.artifact("none", `${ROWS} limit 0`);
  expect(await bench.run({ mode: "send", endpoint, input_artifact: none })).toMatchObject({
    status: "success",
    metrics: { rows_read: 0 },
  });
  expect(await bench.fail({ mode: "send", endpoint, input_artifact: none, on_empty: "fail" })).toContain("API_NO_ROWS");
  expect(await bench.fail({ mode: "send", endpoint })).toContain("input_artifact");
  expect(await bench.fail(await send({ endpoint, body_format: "object" }))).toContain("batch_size");
  expect(await bench.fail(await send({ endpoint, method: "GET" }))).toContain("method");
  expect(bench.api.seen).toHaveLength(0);
});
