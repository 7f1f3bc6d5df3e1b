import { spawnSync } from "node:child_process";
import path from "node:path";
import { RESERVED_METRICS, startRunMetrics } from "../../src/metrics/run-metrics.js";

it("measures memory and time of a run, beside the mod's own metrics", () => {
  const metrics = startRunMetrics();
  const held = Buffer.alloc(64 * 1_048_576, 1);
  let x = 0;
  for (const end = performance.now() + 50; performance.now() < end;) x += Math.sqrt(held[x % 100] ?? 0);
  const found = metrics.finish({
    metrics: { rows_processed: 10_000, rows_output: 9_876, own: "text" },
    executionSeconds: 2,
    bytesRead: 5,
    bytesWritten: 7,
  });
  expect(found).toMatchObject({
    rows_processed: 10_000,
    rows_output: 9_876,
    own: "text",
    rows_per_second: 4_938,
    bytes_read: 5,
    bytes_written: 7,
  });
  expect(found["memory_used_mb"]).toBeGreaterThanOrEqual(64);
  expect(found["cpu_seconds"]).toBeGreaterThan(0.01);
  expect(Number.isFinite(x)).toBe(true);
});

it("keeps its names: a mod cannot overwrite them", () => {
  const own = Object.fromEntries([...RESERVED_METRICS].map((name) => [name, "mine"]));
  const found = startRunMetrics().finish({ metrics: { ...own, rows_output: 10 }, executionSeconds: 1 });
  expect(found).toEqual({
    rows_output: 10,
    memory_used_mb: expect.any(Number) as number,
    cpu_seconds: expect.any(Number) as number,
    rows_per_second: 10,
  });
});

it("leaves bytes to a mod that counts them, and rows_per_second out where no rows were counted", () => {
  const found = startRunMetrics().finish({
    metrics: { bytes_written: 3 },
    executionSeconds: 1,
    bytesRead: undefined,
    bytesWritten: 9,
  });
  expect(found).toMatchObject({ bytes_written: 3 });
  expect(found).not.toHaveProperty("bytes_read");
  expect(found).not.toHaveProperty("rows_per_second");
  expect(startRunMetrics().finish({ metrics: { rows_output: 5 }, executionSeconds: 0 })).not.toHaveProperty(
    "rows_per_second",
  );
});

it("sees a peak that is over when the run ends, also in a run after a bigger one", () => {
  // In a process of its own: what else happens in this one would be measured too.
  const script = `
    const { startRunMetrics } = require(${JSON.stringify(path.resolve(__dirname, "../../dist/metrics/run-metrics.js"))});
    const run = async (megabytes) => {
      const metrics = startRunMetrics();
      const held = [Buffer.alloc(megabytes * 1048576, 1)];
      await new Promise((resolve) => setTimeout(resolve, 400));
      held.length = 0;
      await new Promise((resolve) => setImmediate(resolve));
      gc();
      return metrics.finish({ metrics: {}, executionSeconds: 1 }).memory_used_mb;
    };
    // The allocator gives memory back from a thread of its own, some time after the collection.
    const released = async () => {
      while (process.memoryUsage().rss > 150 * 1048576) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    (async () => console.log(JSON.stringify([await run(400), (await released(), await run(200)), (await released(), await run(1))])))();`;
  const { stdout } = spawnSync(process.execPath, ["--expose-gc", "-e", script], { encoding: "utf8" });
  const [big = 0, middle = 0, small = 0] = JSON.parse(stdout) as number[];
  expect(big).toBeGreaterThan(400);
  expect(middle).toBeGreaterThan(200);
  expect(middle).toBeLessThan(400);
  expect(small).toBeLessThan(200);
});

it("leaves no timer behind, however a run ends", () => {
  jest.useFakeTimers(); // Counts the timers; there is no other way to see one that is unref'd.
  try {
    const [one, two, three] = [startRunMetrics(), startRunMetrics(), startRunMetrics()];
    one.finish({ metrics: {}, executionSeconds: 1 });
    two.stop();
    expect(jest.getTimerCount()).toBe(1);
    three.stop();
    three.stop();
    expect(jest.getTimerCount()).toBe(0);
    expect(one.finish({ metrics: { other: 1 }, executionSeconds: 9 })).not.toHaveProperty("other");
  } finally {
    jest.useRealTimers();
  }
});
