import { parseSince } from "../../src/ledger/since.js";

const NOW = new Date("2026-08-12T12:00:00Z");

it.each([
  ["90s", "2026-08-12T11:58:30Z"],
  ["30m", "2026-08-12T11:30:00Z"],
  ["12h", "2026-08-12T00:00:00Z"],
  ["2d", "2026-08-10T12:00:00Z"],
  [" 1w 3d ", "2026-08-02T12:00:00Z"],
  ["1.5h", "2026-08-12T10:30:00Z"],
  ["2026-08-01T10:00:00Z", "2026-08-01T10:00:00Z"],
  ["2026-08-01T10:00:00+02:00", "2026-08-01T08:00:00Z"],
])("%s", (text, expected) => {
  expect(parseSince(text, NOW)).toEqual(new Date(expected));
});

it("takes a date alone as the start of that day, local", () => {
  expect(parseSince("2026-08-01", NOW)).toEqual(new Date(2026, 7, 1));
});

it.each(["", "yesterday", "2", "2y", "-2d", "2d3", "2026-13-45", "9999999999999w"])("refuses %j", (text) => {
  expect(() => parseSince(text, NOW)).toThrow(
    expect.objectContaining({ code: "DATAPY_TIME_UNREADABLE", exitCode: 20 }) as Error,
  );
});
