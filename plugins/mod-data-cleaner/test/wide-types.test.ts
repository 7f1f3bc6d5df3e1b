// Rules that look at other rows write the table down in between: what they do not touch must come out digit for digit.
import path from "node:path";
import { runMod } from "@datapy/sdk";
import type { EnvelopeOf } from "@datapy/sdk";
import { scratchTables } from "../../../test/support/scratch-tables.js";
import cleaner from "../src/index.js";

const scratch = scratchTables("wide-types");

/** Texts of the column `x` after cleaning a table of texts. */
async function clean(
  texts: readonly (string | null)[],
  params: Readonly<Record<string, unknown>>,
): Promise<{ envelope: EnvelopeOf<typeof cleaner.artifacts>; texts: unknown[] }> {
  const input = path.join(scratch.folder, "input.parquet");
  const rows = texts.map((text) => (text === null ? "(null)" : `('${text}')`)).join(", ");
  await scratch.connection.run(
    `copy (select x::varchar as x from (values ${rows}) t(x)) to '${input}' (format parquet)`,
  );
  const envelope = await runMod(cleaner, { input_artifact: input, ...params });
  if (envelope.status === "error") return { envelope, texts: [] };
  const output = await scratch.connection.runAndReadAll(
    `select x::varchar from read_parquet('${envelope.artifacts.output_data}')`,
  );
  return { envelope, texts: output.getRows().map(([text]) => text) };
}

const LONG = "12345678901234567890123456789012345678";
const NEXT = "12345678901234567890123456789012345679";
const LAST = "12345678901234567890123456789012345680";

describe.each(["HUGEINT", "UHUGEINT", "DECIMAL(38,0)"])("%s", (type) => {
  test.each([
    ["median", [LONG, null, NEXT, NEXT], [LONG, NEXT, NEXT, NEXT]],
    ["mode", [LONG, null, NEXT, NEXT], [LONG, NEXT, NEXT, NEXT]],
    ["previous", [LONG, null, NEXT], [LONG, LONG, NEXT]],
    ["mean", [LONG, null, LAST], [LONG, NEXT, LAST]],
  ])("filled by %s, others as they were", async (fill, given, expected) => {
    const { envelope, texts } = await clean(given, { cast: { x: type }, fill: { x: fill } });
    expect(envelope).toMatchObject({ status: "success", metrics: { changes: { fill: { x: 1 } } } });
    expect(texts).toEqual(expected);
  });

  test("outliers are clipped, others as they were", async () => {
    const many = Array.from({ length: 20 }, (_, index) => `1234567890123456789012345678901234567${String(index % 10)}`);
    const { envelope, texts } = await clean([...many, "5"], { cast: { x: type }, outliers: { x: { iqr: 1.5 } } });
    expect(envelope).toMatchObject({ status: "success", metrics: { changes: { outliers: { x: 1 } } } });
    expect(texts.slice(0, -1)).toEqual(many);
    // No value is three standard deviations from the others when the spread is that of the last digit.
    const deviations = { cast: { x: type }, outliers: { x: { standard_deviations: 3 } } };
    expect((await clean(many, deviations)).texts).toEqual(many);
    const quantiles = { cast: { x: type }, outliers: { x: { quantiles: [0.1, 1] } } };
    expect((await clean([...many, "5"], quantiles)).texts.at(-1)).toBe(many[0]);
  });
});

test("an interval of microseconds beside a filled one", async () => {
  const value = "1 month -2 days 03:04:05.678901";
  const { envelope, texts } = await clean([value, null], { cast: { x: "INTERVAL" }, fill: { x: "previous" } });
  expect(envelope.status).toBe("success");
  const exact = (await scratch.connection.runAndReadAll(`select interval '${value}'::varchar`)).getRows()[0]?.[0];
  expect(texts).toEqual([exact, exact]);
});

test("a number of 39 digits is refused where the table cannot keep it", async () => {
  const { envelope } = await clean(["170141183460469231731687303715884105727", null], {
    cast: { x: "HUGEINT" },
    fill: { x: "mode" },
  });
  expect(envelope).toMatchObject({ status: "error", exit_code: 20 });
  expect(envelope).toHaveProperty("errors", [expect.stringContaining("DATAPY_DATA_NUMBER_TOO_LONG") as string]);
});
