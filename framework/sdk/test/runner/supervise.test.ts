import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { envelopeOf, HostFolder, isGone, numberAfter } from "./host-process.js";

let host: HostFolder;
beforeEach(() => {
  host = new HostFolder();
});
afterEach(() => host.remove());

const CHILD = `
import { spawn } from "node:child_process";
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
console.error("child " + child.pid);`;

describe("a run that ends by itself", () => {
  it("gives one envelope, whatever the mod prints", async () => {
    const mod = host.mod(
      "speaks",
      `console.log("on stdout"); process.stdout.write("{}"); ctx.result.addMetric("rows_output", 3); return ctx.result.success();`,
    );
    const outcome = await host.runMod(mod).ended;
    expect(envelopeOf(outcome)).toMatchObject({
      status: "success",
      metrics: { rows_output: 3, memory_used_mb: expect.any(Number), cpu_seconds: expect.any(Number) },
    });
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain("on stdout");
  });

  it("does not wait for timers and sockets that the mod left open, and ends its children", async () => {
    const mod = host.mod(
      "leaves",
      `setInterval(() => {}, 1000); (await import("node:net")).createServer().listen(0); return ctx.result.success();`,
      { head: CHILD },
    );
    const outcome = await host.runMod(mod).ended;
    expect(outcome.code).toBe(0);
    expect(await isGone(numberAfter("child", outcome.stderr))).toBe(true);
  });

  it.each([
    [0, `return ctx.result.success();`],
    [10, `ctx.result.addWarning("a warning"); return ctx.result.success();`],
    [20, `ctx.result.addError(big); return ctx.result.error(20);`],
    [30, `throw new Error(big);`],
    [40, `ctx.result.addError(big); return ctx.result.error(40);`],
    [50, `ctx.result.addError(big); return ctx.result.error(50);`],
  ])("hands 5 MB to a slow reader with exit code %i", async (code, body) => {
    const mod = host.mod(
      "large",
      `const big = "ö".repeat(2_500_000) + "end"; ctx.result.addMetric("big", big); ${body}`,
    );
    const running = host.runMod(mod);
    // Nobody reads for a while; then one piece now and then.
    running.child.stdout?.pause();
    await running.shows("run ended");
    await sleep(500);
    const reading = setInterval(() => {
      running.child.stdout?.resume();
      setImmediate(() => running.child.stdout?.pause());
    }, 2);
    const outcome = await running.ended;
    clearInterval(reading);
    expect(outcome.code).toBe(code);
    expect(Buffer.byteLength(outcome.stdout)).toBeGreaterThan(5_000_000);
    const envelope = envelopeOf(outcome);
    const held = envelope.status === "error" ? envelope.errors[0] : (envelope.metrics["big"] as string);
    expect(held).toContain("öend");
  });

  it("ends in good order when the reader has gone away", async () => {
    const mod = host.mod("large", `ctx.result.addMetric("big", "x".repeat(5_000_000)); return ctx.result.warning();`);
    const running = host.runMod(mod);
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({ code: 10, signal: null });
  });
});

describe("a mod that ends the process", () => {
  it.each([
    [
      "throws where nobody catches it",
      `setTimeout(() => { throw new Error("boom"); }, 1); await new Promise(() => {});`,
      /^DATAPY_MOD_THREW: .*boom/,
    ],
    [
      "leaves a rejection to nobody",
      `Promise.reject(new Error("boom")); await new Promise(() => {});`,
      /^DATAPY_MOD_THREW: .*boom/,
    ],
    ["throws something that is no error", `throw { odd: 1n };`, /^DATAPY_MOD_THREW: /],
    ["calls process.exit", `process.exit(0);`, /^DATAPY_MOD_EXITED: .*process\.exit\(0\)/],
    [
      "calls process.exit later",
      `setTimeout(() => process.exit(7), 1); await new Promise(() => {});`,
      /^DATAPY_MOD_EXITED: .*process\.exit\(7\)/,
    ],
    ["leaves past all hooks", `process.reallyExit(3);`, /^DATAPY_MOD_CRASHED: .*exit code 3/],
    ["aborts", `process.abort();`, /^DATAPY_MOD_CRASHED: .*SIGABRT/],
    [
      "breaks its memory",
      `process.kill(process.pid, "SIGSEGV"); await new Promise(() => {});`,
      /^DATAPY_MOD_CRASHED: .*SIGSEGV/,
    ],
    [
      "is killed",
      `process.kill(process.pid, "SIGKILL"); await new Promise(() => {});`,
      /^DATAPY_MOD_CRASHED: .*SIGKILL.*memory/,
    ],
    ["returns nothing", ``, /^DATAPY_MOD_NO_ENVELOPE: /],
    ["returns half a result", `return { status: "success" };`, /^DATAPY_MOD_BAD_ENVELOPE: /],
  ])("that %s is an error: 30", async (_, body, expected) => {
    const outcome = await host.runMod(host.mod("odd", body)).ended;
    expect(outcome.code).toBe(30);
    const envelope = envelopeOf(outcome);
    expect(envelope).toMatchObject({ status: "error", exit_code: 30, errors: [expect.stringMatching(expected)] });
    expect(Object.keys(envelope)).toEqual(["status", "execution_time", "errors", "exit_code", "globals", "logs"]);
    expect(envelope.logs.run_id).toMatch(/^odd_[0-9a-f]{8}$/);
    // Log and ledger have an end, too.
    const { run_id } = envelope.logs;
    expect(envelope.logs.log_file).toContain(host.path);
    expect(
      host
        .log()
        .filter((line) => line["run_id"] === run_id)
        .map((line) => line["message"]),
    ).toEqual(["run started", expect.stringMatching(/^DATAPY_/), "run ended"]);
    expect(host.ledger().map((event) => event["eventType"])).toEqual(["START", "START", "FAIL", "FAIL"]);
  });

  it("that fills JavaScript's heap is an error: 30", async () => {
    const mod = host.mod("eats", `const held = []; for (;;) held.push(new Array(1e5).fill(Math.random()));`);
    const outcome = await host.runMod(mod, {}, { NODE_OPTIONS: "--max-old-space-size=80" }).ended;
    expect(outcome.code).toBe(30);
    expect(envelopeOf(outcome)).toMatchObject({ errors: [expect.stringMatching(/^DATAPY_MOD_CRASHED: .*heap/)] });
  });
});

describe("a run whose time is up", () => {
  it("that obeys its signal says what it was told", async () => {
    const mod = host.mod(
      "obeys",
      `await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));`,
    );
    const outcome = await host.runMod(mod, { timeoutMs: 300 }).ended;
    expect(outcome.code).toBe(40);
    expect(envelopeOf(outcome)).toMatchObject({
      exit_code: 40,
      errors: [expect.stringMatching(/^DATAPY_TIMEOUT: obeys did not finish within 300ms/)],
    });
  });

  it("that returns a result all the same is a timeout", async () => {
    const mod = host.mod(
      "late",
      `await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve)); return ctx.result.success();`,
    );
    expect((await host.runMod(mod, { timeoutMs: 300 }).ended).code).toBe(40);
  });

  it("that blocks the event loop for ever is ended, and log and ledger say so", async () => {
    const outcome = await host.runMod(host.mod("blocks", `for (;;);`, { head: CHILD }), { timeoutMs: 1500 }).ended;
    expect(outcome.code).toBe(40);
    const envelope = envelopeOf(outcome);
    expect(envelope).toMatchObject({ exit_code: 40, errors: [expect.stringMatching(/^DATAPY_TIMEOUT: blocks /)] });
    expect(envelope.execution_time).toBeLessThan(3.5);
    expect(await isGone(numberAfter("runner", outcome.stderr))).toBe(true);
    expect(await isGone(numberAfter("child", outcome.stderr))).toBe(true);
    expect(host.log().at(-1)).toMatchObject({ message: "run ended", run_id: envelope.logs.run_id, exit_code: 40 });
    expect(host.ledger().map((event) => event["eventType"])).toEqual(["START", "START", "FAIL", "FAIL"]);
  });

  it("interrupts DuckDB", async () => {
    const mod = host.mod(
      "counts",
      `await ctx.data.query(sql\`select count(*) from range(1000000000) a, range(1000000) b where (a.range * b.range) % 7 = 3\`); return ctx.result.success();`,
    );
    const outcome = await host.runMod(mod, { timeoutMs: 1000 }).ended;
    expect(outcome.code).toBe(40);
    expect(host.files(".datapy/tmp")).toEqual([]);
  });
});

describe("a run that is canceled", () => {
  it("by a signal to the whole process group ends as by one to the host alone", async () => {
    const mod = host.mod(
      "waits",
      `console.error("running"); await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));`,
    );
    const running = host.runMod(mod);
    const stderr = await running.shows("running");
    process.kill(numberAfter("runner", stderr), "SIGTERM");
    running.child.kill("SIGTERM");
    const outcome = await running.ended;
    expect(outcome).toMatchObject({ code: 50, signal: null });
    expect(envelopeOf(outcome)).toMatchObject({
      exit_code: 50,
      errors: [expect.stringMatching(/^DATAPY_CANCELED: .*SIGTERM/)],
    });
  });

  it("by a signal to the runner alone ends, too", async () => {
    const mod = host.mod(
      "waits",
      `console.error("running"); await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));`,
    );
    const running = host.runMod(mod);
    process.kill(numberAfter("runner", await running.shows("running")), "SIGTERM");
    expect((await running.ended).code).toBe(50);
  });

  it("while it blocks the event loop is ended after its grace, or by the second signal at once", async () => {
    const mod = host.mod("blocks", `console.error("running"); for (;;);`);
    const patient = host.runMod(mod, {}, { DATAPY_GRACE: "0.5" });
    await patient.shows("running");
    patient.child.kill("SIGINT");
    expect(await patient.ended).toMatchObject({ code: 50 });
    const hasty = host.runMod(mod, {}, { DATAPY_GRACE: "1000" });
    await hasty.shows("running");
    hasty.child.kill("SIGINT");
    await sleep(100);
    hasty.child.kill("SIGINT");
    const outcome = await hasty.ended;
    expect(outcome).toMatchObject({ code: 50, signal: null });
    expect(envelopeOf(outcome)).toMatchObject({ exit_code: 50 });
  });

  it("leaves neither temporary files nor a table under its final name", async () => {
    const mod = host.mod(
      "writes",
      `console.error("running"); await ctx.data.writeTable("output_data", sql\`select a.range as a, md5(b.range::varchar) as m from range(1000000000) a, range(1000) b\`); return ctx.result.success();`,
      {
        artifacts: `{ output_data: { kind: "table", description: "rows" } }`,
      },
    );
    const running = host.runMod(mod);
    await host.hasFile(".datapy/tmp", "output_data.parquet");
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(50);
    expect(host.files(".datapy/artifacts")).toEqual([]);
    expect(host.files(".datapy/tmp")).toEqual([]);
  });
});

describe("when a process is killed with SIGKILL", () => {
  const ENDLESS_TABLE = `await ctx.data.writeTable("output_data", sql\`select a.range as a, md5(b.range::varchar) as m from range(1000000000) a, range(1000) b\`); return ctx.result.success();`;
  const ARTIFACTS = `{ output_data: { kind: "table", description: "rows" } }`;

  it("the host: a runner that waits goes, and its children with it", async () => {
    const mod = host.mod(
      "waits",
      `console.error("running"); await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));`,
      { head: CHILD },
    );
    const running = host.runMod(mod);
    const stderr = await running.shows("running");
    running.child.kill("SIGKILL");
    expect(await isGone(numberAfter("runner", stderr))).toBe(true);
    expect(await isGone(numberAfter("child", stderr))).toBe(true);
    expect(host.ledger().some((event) => event["eventType"] === "ABORT")).toBe(true);
  });

  it("the host: a runner that blocks its event loop goes, and its children with it", async () => {
    const running = host.runMod(host.mod("blocks", `console.error("running"); for (;;);`, { head: CHILD }));
    const stderr = await running.shows("running");
    running.child.kill("SIGKILL");
    expect(await isGone(numberAfter("runner", stderr))).toBe(true);
    expect(await isGone(numberAfter("child", stderr))).toBe(true);
  });

  it("the runner, while it writes a table: no file under a final name, and no temporary one", async () => {
    const running = host.runMod(
      host.mod("writes", `console.error("running"); ${ENDLESS_TABLE}`, { artifacts: ARTIFACTS }),
    );
    const pid = numberAfter("runner", await running.shows("running"));
    await host.hasFile(".datapy/tmp", "output_data.parquet");
    process.kill(pid, "SIGKILL");
    const outcome = await running.ended;
    expect(outcome.code).toBe(30);
    expect(envelopeOf(outcome)).toMatchObject({ errors: [expect.stringMatching(/^DATAPY_MOD_CRASHED: /)] });
    expect(host.files(".datapy/artifacts")).toEqual([]);
    expect(host.files(".datapy/tmp")).toEqual([]);
  });

  it("both at once, while they write a table: the next session removes what is left", async () => {
    const running = host.runMod(
      host.mod("writes", `console.error("running"); ${ENDLESS_TABLE}`, { artifacts: ARTIFACTS }),
    );
    const pid = numberAfter("runner", await running.shows("running"));
    await host.hasFile(".datapy/tmp", "output_data.parquet");
    running.child.kill("SIGKILL");
    process.kill(pid, "SIGKILL");
    await running.ended;
    expect(await isGone(pid)).toBe(true);
    expect(host.files(".datapy/artifacts")).toEqual([]);
    expect(host.files(".datapy/tmp")).not.toEqual([]);
    await host.runMod(
      host.mod("next", `await new Promise((resolve) => setTimeout(resolve, 200)); return ctx.result.success();`),
    ).ended;
    expect(host.files(".datapy/tmp")).toEqual([]);
  });
});

it("says when the configuration is at fault: 20, with a log", async () => {
  const file = host.file("p.yaml", "a: [1\n");
  const outcome = await host.runMod(host.mod("fine", `return ctx.result.success();`), {
    configuration: { file: { path: file } },
  }).ended;
  expect(outcome.code).toBe(20);
  expect(envelopeOf(outcome)).toMatchObject({
    exit_code: 20,
    errors: [expect.stringMatching(/^DATAPY_YAML_SYNTAX: .*p\.yaml:/)],
  });
  expect(readFileSync(envelopeOf(outcome).logs.log_file, "utf8")).toContain("DATAPY_YAML_SYNTAX");
});

it("says when the runner cannot be used at all: 30", async () => {
  const outcome = await host.runMod(host.mod("fine", `return ctx.result.success();`), { cwd: `${host.path}/nowhere` })
    .ended;
  expect(outcome.code).toBe(30);
  expect(envelopeOf(outcome)).toMatchObject({
    exit_code: 30,
    errors: [expect.stringMatching(/^DATAPY_INTERNAL: .*nowhere/)],
  });
});
