import { createProgressMeter } from "../../src/progress/progress-meter.js";

it("shows what is done, how fast, for how long, and how long it will take where that is known", () => {
  const meter = createProgressMeter(0);
  expect(meter.render("csv-reader", 500, 100)).toBe("csv-reader  1 s");
  meter.update("rows", 100_000, 1_000_000, 1_000);
  meter.update("rows", 200_000, 1_000_000, 2_000);
  expect(meter.render("csv-reader", 2_000, 100)).toBe(
    "csv-reader  200,000 of 1,000,000 rows (20 %), 100,000 rows/s  2 s, 8 s left",
  );
  meter.update("bytes", 3 * 2 ** 20, undefined, 2_000);
  expect(meter.render("csv-reader", 2_000, 120)).toBe(
    "csv-reader  200,000 of 1,000,000 rows (20 %), 100,000 rows/s  3.0 MiB, 1.5 MiB/s  2 s, 8 s left",
  );
});

it("tells no remaining time without a total", () => {
  const meter = createProgressMeter(0);
  meter.update("files", 3, undefined, 3_000);
  expect(meter.render("api-client", 3_000, 100)).toBe("api-client  3 files, 1 files/s  3 s");
});

it("has the rate of the last seconds, so that a stall shows", () => {
  const meter = createProgressMeter(0);
  for (let second = 1; second <= 60; second += 1) meter.update("rows", second * 1_000, 120_000, second * 1_000);
  expect(meter.render("m", 60_000, 100)).toBe("m  60,000 of 120,000 rows (50 %), 1,000 rows/s  1:00, 1:00 left");
  for (let second = 61; second <= 70; second += 1) meter.update("rows", 60_000, 120_000, second * 1_000);
  expect(meter.render("m", 70_000, 100)).toBe("m  60,000 of 120,000 rows (50 %), 0 rows/s  1:10");
});

it("fits the width, and copes with strange numbers", () => {
  const meter = createProgressMeter(0);
  meter.update("rows", 2_000, 1_000, 7_500_000);
  expect(meter.render("m", 7_500_000, 100)).toBe("m  2,000 of 1,000 rows (100 %), finishing  2:05:00");
  meter.update("rows", Number.NaN, 5, 7_500_000);
  meter.update("rows", 10, 0, 7_500_000);
  meter.update("bytes", 0, Infinity, 7_500_000);
  for (const width of [1, 10, 40]) expect(meter.render("m", 7_500_000, width).length).toBeLessThanOrEqual(width);
});

it.each([
  [200, "csv-reader  8,000,000 of 10,000,000 rows (80 %), 800,000 rows/s  320.0 MiB, 32.0 MiB/s  10 s, 3 s left"],
  [79, "csv-reader  80 %, 800,000 rows/s  320.0 MiB, 32.0 MiB/s  10 s, 3 s left"],
  [60, "csv-reader  80 %  320.0 MiB  10 s, 3 s left"],
  [39, "csv-reader  80 %  10 s, 3 s left"],
  [28, "csv-r…  80 %  10 s, 3 s left"],
  [10, "csv-reade…"],
])("keeps share and times on a terminal of few columns: %d", (width, line) => {
  const meter = createProgressMeter(0);
  meter.update("rows", 4_000_000, 10_000_000, 5_000);
  meter.update("rows", 8_000_000, 10_000_000, 10_000);
  meter.update("bytes", 160 * 2 ** 20, undefined, 5_000);
  meter.update("bytes", 320 * 2 ** 20, undefined, 10_000);
  expect(meter.render("csv-reader", 10_000, width)).toBe(line);
});

it("says that a run is finishing once all is counted, instead of a rate that falls", () => {
  const meter = createProgressMeter(0);
  meter.update("bytes", 3 * 2 ** 20, 3 * 2 ** 20, 3_000);
  expect(meter.render("csv-reader", 6_000, 79)).toBe("csv-reader  3.0 MiB of 3.0 MiB (100 %), finishing  6 s");
});
