import fc from "fast-check";
import { earlierMoment, lessUnits } from "../src/late-window.js";
import { openWorkbench } from "./api-workbench.js";
import type { Workbench } from "./api-workbench.js";
import { json } from "./server/misbehaving-server.js";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

test.each([
  ["2024-03-01T01:00:00Z", 2 * HOUR, "2024-02-29T23:00:00Z"],
  ["2024-03-10T03:30:00-05:00", HOUR, "2024-03-10T02:30:00-05:00"],
  ["2024-03-01 00:00:00.000001+0530", SECOND, "2024-02-29 23:59:59.000001+0530"],
  ["2024-03-01T00:00:00,123456789", 1, "2024-03-01T00:00:00,122456789"],
  ["2024-03-01T00:00", 30 * SECOND, "2024-02-29T23:59"],
  ["2024-03-01t12:00:00z", 1, "2024-03-01t11:59:59z"],
  ["1970-01-01T00:00:00.5Z", SECOND, "1969-12-31T23:59:59.5Z"],
  ["1969-12-31T23:59:59.0005Z", 250.25, "1969-12-31T23:59:58.7502Z"],
  ["2024-03-01", 3 * HOUR, "2024-02-29"],
  ["2024-03-01", 2 * DAY, "2024-02-28"],
  ["2024-03-01T00:00:00 +00", DAY, "2024-02-29T00:00:00 +00"],
  ["0001-01-02T00:00:00Z", 30 * DAY, "0001-01-01T00:00:00Z"],
  ["2024-02-30", DAY, undefined],
  ["2024-03-01T25:00:00Z", DAY, undefined],
  ["Fri, 01 Mar 2024 00:00:00 GMT", DAY, undefined],
  ["20240301T000000Z", DAY, undefined],
])("%s less %d ms is %s", (text, window, expected) => {
  expect(earlierMoment(text, window)).toBe(expected);
});

test("what is asked for is never later than the window says, and as near as the digits allow", () => {
  const moments = fc.date({ min: new Date("0003-01-01"), max: new Date("9999-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(
      moments,
      fc.integer({ min: 0, max: 400 * DAY }),
      fc.constantFrom(13, 16, 19, 20, 23),
      (at, window, cut) => {
        const text =
          at.toISOString().slice(0, cut === 20 ? 19 : cut) + (cut === 20 ? ".0" : "") + (cut === 13 ? ":00" : "");
        const unit = cut === 13 || cut === 16 ? 60 * SECOND : cut === 19 ? SECOND : cut === 20 ? 100 : 1;
        const before = Date.parse(`${text}Z`) - window - Date.parse(earlierMoment(`${text}Z`, window) ?? "");
        expect(before).toBeGreaterThanOrEqual(0);
        expect(before).toBeLessThan(unit);
      },
    ),
  );
});

test.each([
  ["100", 2, "98"],
  ["9007199254740993", 1, "9007199254740992"],
  ["1.50", 0.25, "1.25"],
  ["1.5", 2, "-0.5"],
  ["-3", 4, "-7"],
  ["1700000000.123456789", 60, "1699999940.123456789"],
  ["1", 1e-7, "0.9999999"],
  ["12a", 1, undefined],
])("%s less %d is %s", (text, units, expected) => {
  expect(lessUnits(text, units)).toBe(expected);
});

describe("incremental, with a window for records that came late", () => {
  let bench: Workbench;
  beforeAll(async () => {
    bench = await openWorkbench();
  });
  afterAll(() => bench.stop());

  test("a late record is read; the watermark stays where it was, also after a failure", async () => {
    // An API that does what it is asked for.
    let rows: { id: number; at: string }[] = [1, 2, 3].map((id) => ({
      id,
      at: `2024-01-0${String(id)}T10:00:00+02:00`,
    }));
    bench.api.reset();
    const endpoint = bench.api.on("/items", ({ query }, response) => {
      const since = Date.parse(query.get("since") ?? "0001-01-01");
      json(
        response,
        rows.filter((row) => Date.parse(row.at) > since),
      );
    });
    const params = { endpoint, watermark_field: "at", watermark_parameter: "since", columns: { id: "BIGINT" } };
    const ids = async (more: Record<string, unknown> = {}): Promise<unknown[]> =>
      (await bench.read({ ...params, state_key: "late", ...more })).rows.map((row) => row[0]);
    const since = (): string | null | undefined => bench.api.seen.at(-1)?.query.get("since");

    expect(await ids({ late_window: "1d" })).toEqual(["1", "2", "3"]);
    expect(since()).toBeNull();
    rows = [...rows, { id: 4, at: "2024-01-03T01:00:00+02:00" }];
    expect(await ids()).toEqual([]);
    expect(since()).toBe("2024-01-03T10:00:00+02:00");
    const failed = { ...params, state_key: "late", late_window: "12h", columns: { id: "DATE" } };
    expect(await bench.fail(failed)).toContain("API_BAD_VALUE");
    expect(await ids({ late_window: "12h" })).toEqual(["3", "4"]);
    expect(since()).toBe("2024-01-02T22:00:00+02:00");
    // The greatest value that was read was no greater.
    expect(await ids()).toEqual([]);
    expect(since()).toBe("2024-01-03T10:00:00+02:00");
    // A backfill and a beginning are taken as they stand, and a first value goes back too, as in database-reader.
    await ids({ watermark_from: "2024-01-02T10:00:00Z", late_window: "12h" });
    expect(since()).toBe("2024-01-02T10:00:00Z");
    await ids({ state_key: "another", initial_watermark: "2024-01-03", late_window: "12h" });
    expect(since()).toBe("2024-01-02");
    await ids({ reset_watermark: true, late_window: "12h" });
    expect(since()).toBeNull();
  });

  test("a watermark that is a number goes back by units, in query and body", async () => {
    bench.api.reset();
    const endpoint = bench.api.on("/items", (_seen, response) => json(response, [{ id: 9 }, { id: 10 }]));
    const params = { endpoint, watermark_field: "id", watermark_parameter: "since", state_key: "numbers" };
    await bench.read({ ...params, late_window_units: 3 });
    await bench.read({ ...params, late_window_units: 3 });
    expect(bench.api.seen.at(-1)?.query.get("since")).toBe("7");
    const body = { ...params, watermark_in: "body", body: {}, state_key: "body" };
    await bench.read({ ...body, initial_watermark: 100, late_window_units: 3 });
    expect(bench.api.seen.at(-1)?.body).toBe('{"since":97}');
  });

  test("a window of the wrong kind is refused: it would leave out what the user counts on", async () => {
    bench.api.reset();
    const endpoint = bench.api.on("/items", (_seen, response) => json(response, [{ id: 1 }]));
    const params = { endpoint, watermark_field: "id", watermark_parameter: "since" };
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ initial_watermark: 5, late_window: "1h" }, /API_BAD_WATERMARK: `late_window` is a time, .*late_window_units/],
      [{ initial_watermark: "2024-01-01", late_window_units: 5 }, /API_BAD_WATERMARK: `late_window_units` needs/],
      [{ initial_watermark: "abc", late_window: "1h" }, /API_BAD_WATERMARK: .*ISO 8601.*"abc"/],
      [
        { watermark_field: undefined, watermark_parameter: undefined, late_window: "1h" },
        /API_BAD_PARAMETERS: .*late_window/,
      ],
    ];
    for (const [more, expected] of cases) expect(await bench.fail({ ...params, ...more })).toMatch(expected);
    expect(bench.api.seen).toEqual([]);
  });
});
