import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { JobHost, jobEnvelope, statuses } from "./job-host.js";

let host: JobHost;
beforeEach(() => {
  host = new JobHost();
});
afterEach(() => host.remove());

const step = (id: string, params = "", more = ""): string =>
  `- {id: ${id}, mod: ./step.mjs, params: {name: ${id}${params === "" ? "" : `, ${params}`}}${more === "" ? "" : `, ${more}`}}\n`;

/** a → b → d → g and a → c → e → h; f depends on b and c; d fails. */
const DIAMOND = `steps:
${step("a")}${step("b", "", "needs: a")}${step("c", "", "needs: a")}${step("d", "fail: fixed", "needs: b")}${step("e", "", "needs: c")}${step("f", "", "needs: [d, e]")}${step("g", "", "needs: d")}${step("h", "", "needs: e")}`;

describe("a diamond of eight steps with a failure in the middle", () => {
  it("finishes independent branches, skips what needs the failure and says why; --resume runs exactly the rest", async () => {
    const first = await host.runJob(DIAMOND);
    expect(first.code).toBe(30);
    expect(statuses(first.envelope).sort()).toEqual([
      "a: success",
      "b: success",
      "c: success",
      "d: error",
      "e: success",
      "f: skipped (d failed)",
      "g: skipped (d failed)",
      "h: success",
    ]);
    expect(first.envelope).toMatchObject({ status: "error", exit_code: 30 });
    expect(first.envelope.errors).toEqual([
      expect.stringMatching(/^DATAPY_MOD_THREW: step d: step failed: it broke: d/),
    ]);
    expect(host.ran().sort()).toEqual(["a", "b", "c", "d", "e", "h"]);

    host.file("fixed", "");
    const second = await host.runJob(undefined, { resume: "last" });
    expect(second.code).toBe(0);
    expect(host.ran()).toEqual(["d", "f", "g"]);
    expect(second.envelope.logs.session_id).toBe(first.envelope.logs.session_id);
    expect(
      second.envelope.steps
        .filter(({ reused }) => reused === "resume")
        .map((one) => one.step)
        .sort(),
    ).toEqual(["a", "b", "c", "e", "h"]);
  });

  it("on_error: fail lets nothing new start, continue lets everything run and warns", async () => {
    const failing = `max_parallel: 1\nsteps:\n${step("a", "fail: never", "on_error: fail")}${step("b")}${step("c", "", "needs: a")}`;
    const failed = await host.runJob(failing);
    expect(statuses(failed.envelope).sort()).toEqual([
      "a: error",
      "b: skipped (a failed, and nothing new starts after it)",
      "c: skipped (a failed, and nothing new starts after it)",
    ]);
    const going = await host.runJob(failing.replace("on_error: fail", "on_error: continue"));
    expect(going.code).toBe(10);
    expect(statuses(going.envelope)).toEqual(["a: error", "b: success", "c: success"]);
    expect(going.envelope.warnings).toEqual([expect.stringContaining("step a: step failed")]);
  });
});

describe("conditions and clean-up", () => {
  it("skips what a condition rules out, and what depends on it, without a failure", async () => {
    const { code, envelope } = await host.runJob(
      `steps:
${step("a", "rows: 3")}${step("b", "", 'when: "${mods.a.metrics.rows_output} > 5"')}${step("c", "", "needs: b")}${step("d", "", 'when: "${mods.a.metrics.rows_output} in [3]"')}${step("e", "", 'needs: b, when: "skipped(b)"')}`,
    );
    expect(code).toBe(0);
    expect(statuses(envelope).sort()).toEqual([
      "a: success",
      "b: skipped (its condition is not met: ${mods.a.metrics.rows_output} > 5)",
      "c: skipped (b was skipped, because the condition of b is not met)",
      "d: success",
      "e: success",
    ]);
  });

  it("a condition that asks for a failure runs after one; clean-up runs whatever happens, and last", async () => {
    const { code, envelope } = await host.runJob(
      `steps:\n${step("tidy", "", "always: true")}${step("a", "fail: never")}${step("b", "", 'when: "failed(a)"')}${step("c", "", "needs: b")}`,
    );
    expect(code).toBe(30);
    expect(statuses(envelope)).toEqual(["a: error", "b: success", "c: success", "tidy: success"]);
  });

  it("clean-up runs when the job is canceled, and when its time is up", async () => {
    const text = `steps:\n${step("a", "wait: 60000")}${step("b", "", "needs: a")}${step("tidy", "wait: 200", "always: true")}`;
    const running = host.startJob(text);
    while (!host.text("ran.txt").includes("a")) await new Promise((resolve) => setTimeout(resolve, 20));
    running.child.kill("SIGTERM");
    const canceled = await running.ended;
    expect(canceled.code).toBe(50);
    const expected = (words: string): string[] => ["a: error", `b: skipped (${words})`, "tidy: success"];
    expect(statuses(jobEnvelope(canceled))).toEqual(expected("the job was canceled"));
    expect(jobEnvelope(canceled).errors[0]).toMatch(/^DATAPY_CANCELED: canceled by SIGTERM/);
    for (const request of [{ timeoutMs: 6_000 }, {}]) {
      const timed = await host.runJob("timeoutMs" in request ? text : `timeout: 3s\n${text}`, request);
      expect(timed.code).toBe(40);
      expect(statuses(timed.envelope)).toEqual(expected("the time of the job was up"));
    }
  });
});

describe("retries", () => {
  const COUNTING = `
    const { appendFileSync, readFileSync } = await import("node:fs");
    appendFileSync("tries.txt", ctx.runId + "\\n");
    if (readFileSync("tries.txt", "utf8").trim().split("\\n").length < 3) throw params.code === undefined ? new Error("not yet") : new DatapyError({ code: params.code, message: "not yet", exitCode: params.exit, retryable: params.retryable });
    return ctx.result.success();`;
  beforeEach(() => {
    host.mod("counts", COUNTING, {
      head: 'import { DatapyError } from "@datapy/mod-kit";',
      params: `{ code: Type.Optional(Type.String()), exit: Type.Integer({ default: 30 }), retryable: Type.Boolean({ default: false }) }`,
    });
  });

  it.each([
    ["retries: {max: 2, backoff: 10ms}", "", 0, 3],
    ["retries: {max: 1, backoff: 10ms}", "", 30, 2],
    ["retries: {max: 5, backoff: {initial: 1ms, factor: 2, max: 4ms}, on: [ACME_BUSY]}", "code: ACME_BUSY", 0, 3],
    ["retries: {max: 5, backoff: 1ms, on: [ACME_BUSY]}", "code: ACME_OTHER", 30, 1],
    ["retries: {max: 5, backoff: 1ms, on: [retryable]}", "code: ACME_BUSY, retryable: true", 0, 3],
    ["retries: {max: 5, backoff: 1ms, on: [retryable]}", "code: ACME_BUSY", 30, 1],
    ["retries: {max: 5, backoff: 1ms}", "code: ACME_WRONG, exit: 20", 20, 1],
  ])("%s with {%s} ends with %i after %i tries", async (retries, params, code, tries) => {
    const run = await host.runJob(`steps:\n- {id: a, mod: ./counts.mjs, params: {${params}}, ${retries}}\n`);
    expect(run.code).toBe(code);
    const ids = host.text("tries.txt").trim().split("\n");
    expect(ids).toHaveLength(tries);
    // One load to a target that knows what it has.
    expect(new Set(ids).size).toBe(1);
    expect(run.envelope.steps[0]?.attempts).toBe(tries === 1 ? undefined : tries);
  });

  it("a step that takes too long is ended and tried again", async () => {
    const { code, envelope } = await host.runJob(
      `steps:\n${step("a", "wait: 60000", "timeout: 300ms, retries: {max: 1, backoff: 10ms}")}`,
    );
    expect(code).toBe(40);
    expect(envelope.steps[0]).toMatchObject({ attempts: 2, exit_code: 40 });
    expect(envelope.errors[0]).toMatch(/^DATAPY_TIMEOUT: step a: /);
  });
});

describe("foreach", () => {
  it("runs a step for each item of a list, in order, and gives lists on", async () => {
    const { code, envelope } = await host.runJob(
      `globals: {parts: [x, y, z]}
steps:
- {id: each, mod: ./step.mjs, foreach: "\${globals.parts}", params: {name: "p-\${item}", rows: 2}}
- {id: last, mod: ./step.mjs, params: {name: last, input: "\${mods.each.artifacts.output_data}"}}
`,
    );
    expect(code).toBe(0);
    expect(host.ran()).toEqual(["p-x", "p-y", "p-z", "last"]);
    expect(envelope.steps[0]).toMatchObject({
      step: "each",
      items: { total: 3, failed: 0 },
      metrics: { rows_output: 6 },
    });
    expect(Object.keys(envelope.artifacts)).toEqual([
      "each.output_data[0]",
      "each.output_data[1]",
      "each.output_data[2]",
    ]);
    for (const file of Object.values(envelope.artifacts)) expect(existsSync(file)).toBe(true);
  });

  it("takes files of a glob and rows of a table", async () => {
    for (const name of ["b.csv", "a.csv", "c.txt"]) host.file(name, "");
    const { code } = await host.runJob(
      `steps:
- {id: files, mod: ./step.mjs, foreach: {glob: "*.csv"}, params: {name: "\${item}"}}
- {id: table, mod: ./step.mjs, params: {name: table, rows: 3}, needs: files}
- {id: rows, mod: ./step.mjs, foreach: {rows: "\${mods.table.artifacts.output_data}"}, params: {name: "\${item.name}", value: "\${item.id}"}}
`,
    );
    expect(code).toBe(0);
    expect(host.ran()).toEqual([
      path.join(host.path, "a.csv"),
      path.join(host.path, "b.csv"),
      "table",
      "n0",
      "n1",
      "n2",
    ]);
  });

  it("says once what is wrong with all of its items, with the place in the file", async () => {
    const { code, envelope } = await host.runJob(
      `steps:\n- {id: each, mod: ./step.mjs, foreach: [{id: 1}, {id: 2}], params: {name: "i\${item.idd}"}}\n`,
    );
    expect(code).toBe(20);
    expect(envelope.errors).toEqual([
      expect.stringMatching(
        /^DATAPY_REFERENCE_UNKNOWN: step each: 2 items: .*the item has no idd \(it has id\) \(.*:2:\d+\)\. Did you mean id\?$/,
      ),
    ]);
  });

  it("an item that fails fails the step; the others are done, and are not done again", async () => {
    const text = `steps:\n- {id: each, mod: ./step.mjs, concurrency: 2, foreach: [1, 2, 3, 4], params: {name: "i\${item}", fail: "ok\${item}"}}\n`;
    for (const item of [1, 3, 4]) host.file(`ok${item}`, "");
    const first = await host.runJob(text);
    expect(first.code).toBe(30);
    expect(first.envelope.steps[0]?.items).toEqual({ total: 4, failed: 1, reused: 0 });
    expect(host.ran().sort()).toEqual(["i1", "i2", "i3", "i4"]);
    host.file("ok2", "");
    const second = await host.runJob(undefined, { resume: "last" });
    expect(second.code).toBe(0);
    expect(host.ran()).toEqual(["i2"]);
    expect(second.envelope.steps[0]?.items).toEqual({ total: 4, failed: 0, reused: 3 });
  });

  it.each([
    [{}, 0],
    [{ onEmpty: "warn" as const }, 10],
    [{ onEmpty: "fail" as const }, 20],
  ])("no items with %j end with %i", async (request, code) => {
    expect((await host.runJob(`steps:\n${step("a", "", "foreach: []")}`, request)).code).toBe(code);
  });
});

describe("sub-jobs", () => {
  it("are steps of the session, with their own globals and parameters", async () => {
    host.file(
      "inner.yaml",
      `globals: {who: nobody}\nsteps:\n${step("x", "rows: 2, global: seen")}- {id: y, mod: ./step.mjs, needs: x, params: {name: "y-\${globals.who}"}}\n`,
    );
    const { code, envelope } = await host.runJob(
      `steps:
${step("a")}- {id: sub, job: inner.yaml, needs: a, params: {who: "\${mods.a.metrics.rows_output}"}}
- {id: b, mod: ./step.mjs, params: {name: b, input: "\${mods.sub.artifacts.x.output_data}"}}
`,
    );
    expect(code).toBe(0);
    expect(statuses(envelope)).toEqual([
      "a: success",
      "sub.x: success",
      "sub.y: success",
      "sub: success",
      "b: success",
    ]);
    expect(host.ran()).toEqual(["a", "x", "y-0", "b"]);
    expect(envelope.globals).toMatchObject({ seen: "x" });
    expect(host.files(".datapy/artifacts").map((file) => file.split("/").slice(1).join("/"))).toEqual([
      "sub.x/output_data.parquet",
    ]);
  });

  it("are gone on with inside", async () => {
    host.file("inner.yaml", `steps:\n${step("x")}${step("y", "fail: fixed", "needs: x")}`);
    const text = `steps:\n- {id: sub, job: inner.yaml}\n${step("b", "", "needs: sub")}`;
    expect((await host.runJob(text)).envelope.errors[0]).toMatch(/^DATAPY_MOD_THREW: step sub: step y: /);
    host.ran();
    host.file("fixed", "");
    expect((await host.runJob(undefined, { resume: "last" })).code).toBe(0);
    expect(host.ran()).toEqual(["y", "b"]);
  });
});

describe("globals that steps add", () => {
  it("reach the steps after them, the later one deciding", async () => {
    const { envelope } = await host.runJob(
      `globals: {batch: none, mode: full}
steps:
${step("a", "global: batch, value: one")}${step("b", "global: batch, value: two", "needs: a")}${step("c", "", "needs: b")}${step("d", 'value: "${globals.batch}"', "needs: a")}${step("e")}`,
    );
    const seen = (id: string): unknown => envelope.steps.find((one) => one.step === id)?.metrics?.["seen"];
    expect(seen("b")).toMatchObject({ batch: "one", mode: "full" });
    expect(seen("c")).toMatchObject({ batch: "two" });
    expect(seen("e")).toMatchObject({ batch: "none" });
    expect(envelope.globals).toMatchObject({ batch: "two" });
  });

  it("set by two steps side by side to different values are an error, whichever ends first", async () => {
    for (const waits of [
      [0, 300],
      [300, 0],
    ]) {
      const { code, envelope } = await host.runJob(
        `max_parallel: 2\nsteps:\n${step("a", `global: k, value: 1, wait: ${waits[0]}`)}${step("b", `global: k, value: 2, wait: ${waits[1]}`)}${step("c", "", "needs: [a, b]")}`,
      );
      expect(code).toBe(30);
      expect(envelope.errors).toEqual([
        expect.stringMatching(/^DATAPY_GLOBAL_CONFLICT: a and b both set the global k/),
      ]);
      expect(statuses(envelope)).toContain("c: skipped (two steps set the global k)");
    }
    const same = await host.runJob(`steps:\n${step("a", "global: k, value: 1")}${step("b", "global: k, value: 1")}`);
    expect(same.code).toBe(0);
  });
});

describe("isolated steps", () => {
  it("run in a process of their own, in the same log and ledger", async () => {
    host.mod(
      "pid",
      `ctx.log.info("here"); ctx.result.addMetric("pid", process.pid); ctx.result.addMetric("seen", ctx.globals.k); return ctx.result.success();`,
    );
    const { code, envelope } = await host.runJob(
      `steps:\n${step("a", "global: k, value: 7, rows: 2")}- {id: b, mod: ./pid.mjs, isolate: true, needs: a}\n- {id: c, mod: ./pid.mjs, needs: a}\n`,
      { logLevel: "info" },
    );
    expect(code).toBe(0);
    const [b, c] = ["b", "c"].map((id) => envelope.steps.find((one) => one.step === id)?.metrics);
    expect(b?.["pid"]).not.toBe(c?.["pid"]);
    expect(b?.["seen"]).toBe(7);
    expect(host.log().filter(({ message }) => message === "here")).toHaveLength(2);
    const ends = host.ledger().filter(({ eventType }) => eventType === "COMPLETE");
    // Three runs, three steps, the job, the session.
    expect(ends).toHaveLength(8);
    expect(host.files(".datapy/tmp")).toEqual([]);
  });

  it("one that uses too much memory is ended with a clear error, and its retry works", async () => {
    host.mod(
      "hungry",
      `const { existsSync, writeFileSync } = await import("node:fs");
    if (existsSync("fed")) return ctx.result.success();
    writeFileSync("fed", "");
    const held = [];
    for (;;) { held.push(Buffer.alloc(8_000_000, 1)); await new Promise((resolve) => setTimeout(resolve, 5)); }`,
    );
    const text = (retries: number): string =>
      `steps:\n- {id: a, mod: ./hungry.mjs, memory_limit: 200MiB, retries: {max: ${retries}, backoff: 10ms, on: [retryable]}}\n`;
    const failed = await host.runJob(text(0));
    expect(failed.code).toBe(30);
    expect(failed.envelope.errors).toEqual([
      expect.stringMatching(/^DATAPY_STEP_OUT_OF_MEMORY: step a: a used more memory than its limit of 200 MiB/),
    ]);
    rmSync(path.join(host.path, "fed"));
    const tried = await host.runJob(text(1));
    expect(tried.code).toBe(0);
    expect(tried.envelope.steps[0]?.attempts).toBe(2);
  });

  it("one that blocks, exits or crashes takes nothing else along", async () => {
    host.mod("blocks", `for (;;);`);
    host.mod("exits", `process.kill(process.pid, "SIGSEGV"); await new Promise(() => {});`);
    const { code, envelope } = await host.runJob(
      `steps:\n- {id: a, mod: ./blocks.mjs, isolate: true, timeout: 1s}\n- {id: b, mod: ./exits.mjs, isolate: true}\n${step("c", "wait: 2500")}`,
    );
    expect(code).toBe(40);
    const byId = Object.fromEntries(envelope.steps.map((one) => [one.step, one]));
    expect(byId["a"]?.errors[0]).toMatch(/^DATAPY_TIMEOUT/);
    expect(byId["b"]?.errors[0]).toMatch(/^DATAPY_STEP_CRASHED: .*SIGSEGV/);
    expect(byId["c"]?.status).toBe("success");
  });
});

describe("cache", () => {
  it("takes an earlier result while mod, parameters and inputs are the same", async () => {
    const text = (rows: number): string =>
      `steps:\n${step("a", `rows: ${rows}`, "cache: true")}- {id: b, mod: ./step.mjs, cache: {max_age: 1h}, params: {name: b, input: "\${mods.a.metrics.rows_output}"}}\n`;
    await host.runJob(text(3));
    expect(host.ran()).toEqual(["a", "b"]);
    const again = await host.runJob(text(3));
    expect(host.ran()).toEqual([]);
    expect(again.envelope.steps.map(({ reused }) => reused)).toEqual(["cache", "cache"]);
    await host.runJob(text(4));
    expect(host.ran()).toEqual(["a", "b"]);
    for (const file of host.files(".datapy/artifacts"))
      writeFileSync(path.join(host.path, ".datapy/artifacts", file), "no table");
    await host.runJob(text(4));
    expect(host.ran()).toEqual(["a"]);
  });
});

describe("going on, again, and in part", () => {
  const CHAIN = `globals: {mode: "\${env.MODE:-part}"}\nsteps:\n${step("a", "rows: 2")}- {id: b, mod: ./step.mjs, params: {name: "b-\${globals.mode}", fail: fixed, input: "\${mods.a.artifacts.output_data}"}}\n`;

  it("variables are those of the first run; what differs is listed and needs --accept-changes", async () => {
    const first = await host.runJob(CHAIN, {}, { MODE: "full" });
    expect(first.code).toBe(30);
    host.ran();
    host.file("fixed", "");
    const changed = CHAIN.replace("rows: 2", "rows: 5");
    const refused = await host.runJob(changed, { resume: "last" }, { MODE: "other" });
    expect(refused.code).toBe(20);
    expect(refused.envelope.errors).toEqual([
      expect.stringMatching(/^DATAPY_RESUME_DIFFERS: this differs .*step a: rows was 2 and is 5\./),
    ]);
    expect(host.ran()).toEqual([]);
    const resumed = await host.runJob(CHAIN, { resume: first.envelope.logs.session_id }, { MODE: "other" });
    expect(resumed.code).toBe(0);
    expect(host.ran()).toEqual(["b-full"]);
    const accepted = await host.runJob(changed, { resume: "last", acceptChanges: true }, { MODE: "other" });
    expect(accepted.code).toBe(0);
    expect(host.ran()).toEqual(["a", "b-full"]);
  });

  it("an artifact that has changed or is gone is noticed", async () => {
    await host.runJob(CHAIN);
    host.ran();
    const [file = ""] = host.files(".datapy/artifacts");
    writeFileSync(path.join(host.path, ".datapy/artifacts", file), "other");
    const refused = await host.runJob(undefined, { resume: "last" });
    expect(refused.envelope.errors[0]).toMatch(/step a: the artifact output_data has changed/);
    rmSync(path.join(host.path, ".datapy/artifacts", file));
    expect((await host.runJob(undefined, { resume: "last" })).envelope.errors[0]).toMatch(/output_data is gone/);
    host.file("fixed", "");
    expect((await host.runJob(undefined, { resume: "last", acceptChanges: true })).code).toBe(0);
    expect(host.ran()).toEqual(["a", "b-part"]);
  });

  it("there is nothing to resume where nothing has run", async () => {
    const none = await host.runJob(CHAIN, { resume: "last" });
    expect(none.code).toBe(20);
    expect(none.envelope.errors[0]).toMatch(/^DATAPY_RESUME_UNKNOWN/);
  });

  it("a replay runs all of it again as it was, in a new session", async () => {
    host.file("fixed", "");
    const first = await host.runJob(CHAIN, { sets: ["mods.a.rows=4"] }, { MODE: "full" });
    host.ran();
    host.file("job.yaml", "mods: {}\n");
    const again = await host.runJob(undefined, { replay: first.envelope.logs.session_id }, { MODE: "other" });
    expect(again.code).toBe(0);
    expect(host.ran()).toEqual(["a", "b-full"]);
    expect(again.envelope.logs.session_id).not.toBe(first.envelope.logs.session_id);
    expect(again.envelope.steps[0]?.metrics).toMatchObject({ rows_output: 4 });
  });

  it("secrets are in no bundle, and are read anew", async () => {
    host.mod(
      "login",
      `ctx.result.addMetric("length", params.password.length); if (params.password !== "correct") throw new Error("wrong"); return ctx.result.success();`,
      {
        params: `{ password: { type: "string", "x-datapy": { kind: "secret" } } }`,
      },
    );
    const text = `steps:\n- {id: a, mod: ./login.mjs, params: {password: "\${env.PASSWORD}"}}\n`;
    expect((await host.runJob(text, {}, { PASSWORD: "hunter2-hunter2" })).code).toBe(30);
    for (const folder of [".datapy/jobs", ".datapy/runs", ".datapy/logs"])
      for (const file of host.files(folder))
        expect(readFileSync(path.join(host.path, folder, file), "utf8")).not.toContain("hunter2");
    expect((await host.runJob(text, { resume: "last" }, { PASSWORD: "correct" })).code).toBe(0);
  });

  it("--from takes what it needs from the last run", async () => {
    await host.runJob(CHAIN);
    host.ran();
    host.file("fixed", "");
    const { code, envelope } = await host.runJob(undefined, { from: "b" });
    expect(code).toBe(0);
    expect(statuses(envelope)).toEqual(["b: success"]);
    expect(host.ran()).toEqual(["b-part"]);
    rmSync(path.join(host.path, ".datapy/artifacts"), { recursive: true });
    expect((await host.runJob(undefined, { from: "b" })).envelope.errors[0]).toMatch(/^DATAPY_STEP_INPUT_MISSING/);
  });
});

describe("a job that runs already", () => {
  const SLOW = `steps:\n${step("a", "until: go")}`;

  it("is refused, waited for, or let be, as it has it", async () => {
    const running = host.startJob(SLOW);
    while (!host.text("ran.txt").includes("a")) await new Promise((resolve) => setTimeout(resolve, 20));
    const refused = await host.runJob(undefined);
    expect(refused.code).toBe(30);
    expect(refused.envelope.errors[0]).toMatch(/^DATAPY_JOB_RUNNING: job is running already \(session .*process \d+/);
    const allowed = await host.runJob(`on_overlap: allow\nsteps:\n${step("a")}`);
    expect(allowed.code).toBe(0);
    // A wait ends when it is canceled, and when its time is up.
    const waits = `on_overlap: wait\nsteps:\n${step("a")}`;
    expect((await host.runJob(waits, { timeoutMs: 300 })).code).toBe(40);
    const waiting = host.startJob(waits, { logLevel: "info" });
    await waiting.shows("waiting: the job is running already");
    waiting.child.kill("SIGINT");
    expect((await waiting.ended).code).toBe(50);
    const waited = host.startJob(waits, { logLevel: "info" });
    await waited.shows("waiting: the job is running already");
    host.file("go", "");
    expect((await running.ended).code).toBe(0);
    expect((await waited.ended).code).toBe(0);
    expect(readdirSync(path.join(host.path, ".datapy/locks"))).toEqual([]);
  });

  it("the lock of a process that was killed counts for nothing", async () => {
    const running = host.startJob(SLOW);
    const stderr = await running.shows("runner ");
    while (!host.text("ran.txt").includes("a")) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(Number(/runner (\d+)/.exec(stderr)?.[1]), "SIGKILL");
    const lost = await running.ended;
    expect(lost.code).toBe(30);
    expect(statuses(jobEnvelope(lost))).toEqual(["a: error"]);
    expect((await host.runJob(`steps:\n${step("a")}`)).code).toBe(0);
  });
});

describe("bookmarks", () => {
  it("move only when all that comes after them has been done", async () => {
    host.mod(
      "source",
      `const from = (await ctx.state.get("at")) ?? 0; ctx.state.set("at", from + 1); ctx.result.addMetric("from", from); return ctx.result.success();`,
    );
    const text = `steps:\n- {id: a, mod: ./source.mjs}\n${step("b", "fail: fixed", "needs: a")}`;
    expect((await host.runJob(text)).envelope.steps[0]?.metrics).toMatchObject({ from: 0 });
    expect((await host.runJob(text)).envelope.steps[0]?.metrics).toMatchObject({ from: 0 });
    host.file("fixed", "");
    expect((await host.runJob(undefined, { resume: "last" })).code).toBe(0);
    expect((await host.runJob(text)).envelope.steps[0]?.metrics).toMatchObject({ from: 1 });
  });
});

it("one step, by its id or its mod; a wrong name is refused", async () => {
  const text = `steps:\n${step("a")}${step("b", "", "needs: a")}`;
  expect((await host.runJob(text, { step: "b" })).code).toBe(0);
  expect(host.ran()).toEqual(["b"]);
  expect((await host.runJob(text, { step: "c" })).code).toBe(20);
  const { envelope, code } = await host.runJob("mods:\n  csv_reader: {}\n");
  expect(code).toBe(20);
  expect(envelope.steps).toEqual([]);
});
