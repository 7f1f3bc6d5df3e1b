import { readFileSync } from "node:fs";
import { openWorkbench } from "./api-workbench.js";
import type { Table, Workbench } from "./api-workbench.js";
import { json } from "./server/misbehaving-server.js";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.stop());

const answer = (text: string, type = "application/json"): string => {
  bench.api.reset();
  return bench.api.on("/items", (_seen, response) => {
    response.writeHead(200, { "content-type": type });
    response.end(text);
  });
};
const read = (text: string, params: Readonly<Record<string, unknown>> = {}): Promise<Table> =>
  bench.read({ endpoint: answer(text), ...params });
/** The values of one field, and the type that they got. */
const column = async (...values: readonly string[]): Promise<{ type: string | undefined; values: unknown[] }> => {
  const table = await read(`[${values.map((value) => `{"x":${value}}`).join(",")}]`);
  return { type: table.columns["x"], values: table.rows.map((row) => row[0]) };
};

test("numbers past 2^53 and long decimals arrive digit for digit", async () => {
  expect(await column("9007199254740993", "-9223372036854775808")).toEqual({
    type: "BIGINT",
    values: ["9007199254740993", "-9223372036854775808"],
  });
  expect(await column("9223372036854775808", "1")).toEqual({
    type: "DECIMAL(38,0)",
    values: ["9223372036854775808", "1"],
  });
  expect(await column("1234567890123456789.12345", "2")).toEqual({
    type: "DECIMAL(24,5)",
    values: ["1234567890123456789.12345", "2.00000"],
  });
  expect(await column("9007199254740993", "0.5")).toEqual({
    type: "DECIMAL(17,1)",
    values: ["9007199254740993.0", "0.5"],
  });
  expect(await column("0.1", "19.99", "1e300", "-0")).toEqual({ type: "DOUBLE", values: [0.1, 19.99, 1e300, -0] });
  const digits = "1".repeat(60);
  const huge = await read(`[{"x":${digits}}]`);
  expect([huge.columns["x"], huge.rows[0]?.[0], huge.envelope?.status]).toEqual(["VARCHAR", digits, "warning"]);
});

test("types are found over the whole result", async () => {
  const many = Array.from({ length: 3_000 }, (_, index) => `{"x":${String(index)}}`);
  const table = await read(`[${[...many, '{"x":1.5}', '{"x":"n/a"}', '{"late":true}'].join(",")}]`);
  expect(table.columns).toEqual({ x: "VARCHAR", late: "BOOLEAN" });
  expect(table.rows.at(-2)).toEqual(["n/a", null]);
  expect(table.rows.at(-1)).toEqual([null, true]);
});

test("texts as they are: empty, NUL, quotes, line ends, surrogate pairs, dates, names of any kind", async () => {
  const texts = [
    "",
    "null",
    "a\u0000b",
    'say "hi"',
    "a\r\nb\u2028",
    "😀",
    "x\ufeff",
    "2024-02-30",
    "007",
    "'; drop table x; --",
    "\\",
  ];
  const table = await read(JSON.stringify(texts.map((text) => ({ __proto__x: text, 'odd "name"': null, ключ: 1 }))));
  expect(table.columns).toEqual({ __proto__x: "VARCHAR", 'odd "name"': "VARCHAR", ключ: "BIGINT" });
  expect(table.rows.map((row) => row[0]).map((text) => String(text).replace("\\x00", "\u0000"))).toEqual(texts);
  expect((await read('[{"__proto__":1,"constructor":2}]')).rows).toEqual([["1", "2"]]);
});

test("what is damaged is refused, not mended", async () => {
  const fail = (text: string): Promise<string> => bench.fail({ endpoint: answer(text) });
  expect(await fail('[{"a":1,"a":2}]')).toContain('the field "a" occurs twice');
  expect(await fail('[{"a":"\\ud800"}]')).toContain("half of a surrogate pair");
  expect(await fail('[{"a":01}]')).toContain("API_BAD_JSON");
  expect(await fail("[".repeat(5_000))).toContain("nested more than");
  expect(await fail('[{"a":1}] x')).toContain("more after the end");
  expect(await fail('[{"a_b":1,"a":{"b":2}}]')).toContain("API_COLUMN_CLASH");
  expect(await fail('[{"Id":1,"ID":2}]')).toContain("API_COLUMN_CLASH");
  expect(await fail("[{},{}]")).toContain("no field at all");
});

const NESTED =
  '[{"id":1,"a":{"b":{"c":1.5},"d":[1,2]},"n":null},{"id":2,"a":null,"n":{"m":"x"}},{"id":3,"a":{"b":{"c":12345678901234567.25},"d":[]}}]';

test("nested objects flattened", async () => {
  const table = await read(NESTED);
  expect(table.columns).toEqual({ id: "BIGINT", a_b_c: "DECIMAL(19,2)", a_d: "JSON", n_m: "VARCHAR" });
  expect(table.rows).toEqual([
    ["1", "1.50", "[1,2]", null],
    ["2", null, null, "x"],
    ["3", "12345678901234567.25", "[]", null],
  ]);
  const dotted = await read(NESTED, { flatten_separator: "." });
  expect(Object.keys(dotted.columns)).toEqual(["id", "a.b.c", "a.d", "n.m"]);
});

test("nested objects as JSON, digit for digit", async () => {
  const table = await read(NESTED, { nested: "json" });
  expect(table.columns).toEqual({ id: "BIGINT", a: "JSON", n: "JSON" });
  expect(table.rows[2]).toEqual(["3", '{"b":{"c":12345678901234567.25},"d":[]}', null]);
});

test("nested objects as structures with exact types; what has no structure stays JSON", async () => {
  const table = await read(NESTED, { nested: "struct" });
  expect(table.columns["a"]).toBe("STRUCT(b STRUCT(c DECIMAL(19,2)), d BIGINT[])");
  expect(table.rows).toEqual([
    ["1", { b: { c: "1.50" }, d: ["1", "2"] }, null],
    ["2", null, { m: "x" }],
    ["3", { b: { c: "12345678901234567.25" }, d: [] }, null],
  ]);
  const mixed = await read('[{"x":{"y":1}},{"x":[1.10]},{"z":{}}]', { nested: "struct" });
  expect(mixed.columns).toEqual({ x: "JSON", z: "JSON" });
  expect(mixed.rows.map((row) => row[0])).toEqual(['{"y":1}', "[1.10]", null]);
});

test("records at a path, inside every group, and a single one", async () => {
  expect(
    (await read('{"meta":{"x":[{}]},"data":{"items":[{"a":1},{"a":2}]}}', { records_path: "data.items" })).rows,
  ).toEqual([["1"], ["2"]]);
  expect((await read('{"g":[{"m":[{"a":1}]},{"m":[]},{"m":[{"a":2}]}]}', { records_path: "g[*].m" })).rows).toEqual([
    ["1"],
    ["2"],
  ]);
  expect((await read('{"r":[0,{"a.b":[{"a":3}]}]}', { records_path: '$.r[1]["a.b"]' })).rows).toEqual([["3"]]);
  expect((await read('{"a":4}', { records_path: "$" })).rows).toEqual([["4"]]);
  expect((await read('["x",{"value":"y"},7]')).rows).toEqual([["x"], ["y"], ["7"]]);
});

test("a path that leads nowhere tells what there is", async () => {
  expect(await bench.fail({ endpoint: answer('{"data":[],"next":1}') })).toMatch(
    /API_NO_RECORDS.*is no list; its fields are data, next/s,
  );
  expect(await bench.fail({ endpoint: answer('{"data":[]}'), records_path: "items" })).toMatch(
    /API_NO_RECORDS.*no list at items; its fields are data/s,
  );
  expect(await bench.fail({ endpoint: answer('{"data":7}'), records_path: "data" })).toContain("API_NO_RECORDS");
  const none = await read('{"kind":"list"}', {
    records_path: "items",
    records_optional: true,
    columns: { a: "BIGINT" },
  });
  expect(none.rows).toEqual([]);
});

test("an error inside of an answer", async () => {
  const params = { records_path: "data", error_path: "errors" };
  expect(await bench.fail({ endpoint: answer('{"errors":[{"message":"no"}],"data":[]}'), ...params })).toMatch(
    /API_ERROR_ANSWER.*"message":"no"/s,
  );
  expect((await read('{"errors":[],"data":[{"a":1}]}', params)).rows).toEqual([["1"]]);
});

test("declared columns: types, paths, formats; an empty result keeps them", async () => {
  const columns = {
    key: { path: "id", type: "INTEGER" },
    price: "DECIMAL(38,10)",
    day: { type: "DATE", format: "%d/%m/%Y" },
    city: { path: "address.city" },
    all: { path: "address", type: "JSON" },
    at: "TIMESTAMPTZ",
  };
  const table = await read(
    '[{"id":1.0,"price":1234567890123456789012345678.1234567891,"day":"31/01/2024","address":{"city":"Łódź","zip":1},"at":"2024-01-01T01:00:00+01:00","more":1},{"id":2e2,"price":1}]',
    { columns },
  );
  expect(table.columns).toEqual({
    key: "INTEGER",
    price: "DECIMAL(38,10)",
    day: "DATE",
    city: "VARCHAR",
    all: "JSON",
    at: "TIMESTAMP WITH TIME ZONE",
  });
  expect(table.rows[0]?.slice(0, 5)).toEqual([
    1,
    "1234567890123456789012345678.1234567891",
    "2024-01-31",
    "Łódź",
    '{"city":"Łódź","zip":1}',
  ]);
  expect(table.rows[1]?.slice(0, 3)).toEqual([200, "1.0000000000", null]);
  const empty = await read("[]", { columns });
  expect(empty.rows).toEqual([]);
  expect(empty.columns).toEqual({ ...table.columns, city: "VARCHAR" });
  expect(await bench.run({ endpoint: answer("[]") })).toMatchObject({ status: "warning", artifacts: {} });
  expect(await bench.fail({ endpoint: answer("[]"), columns, on_empty: "fail" })).toContain("API_NO_ROWS");
  expect((await read("[]", { columns, on_empty: "warn" })).envelope?.status).toBe("warning");
});

test("a path that no record has is told in the log", async () => {
  const columns = { id: "BIGINT", city: { path: "address.cty" }, zip: { path: "address.zip" }, late: "VARCHAR" };
  const { envelope } = await read('[{"id":1,"address":{"city":"Łódź","zip":null}},{"id":2,"late":"x"}]', { columns });
  expect(envelope?.status).toBe("success");
  const warnings = readFileSync(envelope?.logs.log_file ?? "", "utf8")
    .split("\n")
    .filter((line) => line.includes("NULL throughout"))
    .map((line) => (JSON.parse(line) as { columns: unknown }).columns);
  expect(warnings).toEqual([{ city: "address.cty" }]);
});

test("a record that does not fit fails the run, or is set aside with the reason", async () => {
  const text = '[{"n":1},{"n":1.5},{"n":"x"},{"n":99999999999}]';
  const columns = { n: "INTEGER" };
  expect(await bench.fail({ endpoint: answer(text), columns })).toMatch(
    /API_BAD_VALUE: 3 records.*record 2 \(page 1\): "1.5" in n does not fit n INTEGER/s,
  );
  const table = await read(text, { columns, on_bad_row: "quarantine" });
  expect(table.rows).toEqual([[1]]);
  expect(table.envelope).toMatchObject({
    status: "warning",
    metrics: { rows_read: 4, rows_output: 1, rows_rejected: 3 },
  });
  const aside = await bench.rows(table.envelope?.artifacts["quarantine"] ?? "");
  expect(aside.rows).toEqual([
    ["2", "1", ["n"], "1.5"],
    ["3", "1", ["n"], "x"],
    ["4", "1", ["n"], "99999999999"],
  ]);
  expect(await bench.fail({ endpoint: answer(text), columns, on_bad_row: "quarantine", max_bad_rows: 2 })).toContain(
    "API_BAD_ROWS",
  );
});

test("NDJSON, by content type and by parameter, with the line of a fault", async () => {
  const lines = '{"a":1}\r\n\n{"a":9007199254740993}\n{"b":"é\u2028"}';
  const table = await bench.read({ endpoint: answer(lines, "application/x-ndjson; charset=utf-8") });
  expect(table.rows).toEqual([
    ["1", null],
    ["9007199254740993", null],
    [null, "é\u2028"],
  ]);
  expect((await read('{"a":1}\n{"a":2}\n', { format: "ndjson" })).rows).toEqual([["1"], ["2"]]);
  expect(await bench.fail({ endpoint: answer('{"a":1}\n{"a":\n', "application/x-ndjson") })).toMatch(
    /API_BAD_JSON: line 2 of page 1/,
  );
});

test("incremental: asks from the greatest value on; kept only after success, never moved back", async () => {
  const rows = [
    { id: 1, at: "2024-01-01T10:00:00Z" },
    { id: 2, at: "2024-01-01T11:30:00+02:00" },
    { id: 3, at: "2024-01-02T00:00:00Z" },
  ];
  let given: readonly unknown[] = rows.slice(0, 2);
  bench.api.reset();
  const endpoint = bench.api.on("/items", (_seen, response) => json(response, given));
  const params = {
    endpoint,
    watermark_field: "at",
    watermark_parameter: "since",
    columns: { id: "BIGINT" },
    state_key: "items",
  };
  const since = (): string | null | undefined => bench.api.seen.at(-1)?.query.get("since");
  await bench.read({ ...params, initial_watermark: "2020-01-01" });
  expect(since()).toBe("2020-01-01");
  given = rows;
  expect(await bench.fail({ ...params, columns: { id: "DATE" } })).toContain("API_BAD_VALUE");
  expect(since()).toBe("2024-01-01T10:00:00Z");
  await bench.read(params);
  expect(since()).toBe("2024-01-01T10:00:00Z");
  given = rows.slice(0, 1);
  await bench.read(params);
  expect(since()).toBe("2024-01-02T00:00:00Z");
  await bench.read({ ...params, watermark_from: "2023-01-01" });
  expect(since()).toBe("2023-01-01");
  given = [];
  const empty = await bench.read(params);
  expect(since()).toBe("2024-01-02T00:00:00Z");
  expect(empty.envelope?.metrics["watermark"]).toBe("2024-01-02T00:00:00Z");
  await bench.read({ ...params, reset_watermark: true });
  expect(since()).toBeNull();
  given = [{ id: 1 }];
  expect(await bench.fail({ ...params, state_key: "other" })).toContain("API_BAD_WATERMARK");
  given = [{ id: 9 }, { id: 10 }, {}];
  const numbers = { ...params, watermark_field: "id", watermark_in: "body", body: {}, state_key: "ids" };
  expect((await bench.read(numbers)).envelope?.status).toBe("warning");
  await bench.read(numbers);
  expect(bench.api.seen.at(-1)?.body).toBe('{"since":"10"}');
});
