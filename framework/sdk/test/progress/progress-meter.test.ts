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
  expect(meter.render("m", 7_500_000, 100)).toBe("m  2,000 of 1,000 rows (100 %), 0 rows/s  2:05:00");
  meter.update("rows", Number.NaN, 5, 7_500_000);
  meter.update("rows", 10, 0, 7_500_000);
  meter.update("bytes", 0, Infinity, 7_500_000);
  for (const width of [1, 10, 40]) expect(meter.render("m", 7_500_000, width).length).toBeLessThanOrEqual(width);
});
