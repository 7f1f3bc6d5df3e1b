import { mkdirSync } from "node:fs";
import path from "node:path";
import { envelopeOf, HostFolder, numberAfter } from "./host-process.js";

let host: HostFolder;
beforeEach(() => {
  host = new HostFolder();
});
afterEach(() => host.remove());

const MODS = (): void => {
  host.mod(
    "good",
    `ctx.result.addMetric("rows_output", params.rows); ctx.result.addGlobal("last", params.rows); return ctx.result.success();`,
    { params: `{ rows: Type.Integer({ default: 1 }) }` },
  );
  host.mod("warns", `ctx.result.addWarning("odd rows"); return ctx.result.success();`);
  host.mod("fails", `throw new Error("boom");`);
};

describe("what a failed run of a script says", () => {
  const flow = async (body: string) => {
    MODS();
    const script = host.file("flow.mjs", `import { runMod, runJob } from "@datapy/sdk";\n\n${body}\n`);
    const outcome = await host.runScript(script).ended;
    return { script, code: outcome.code, errors: envelopeOf(outcome).errors, stderr: outcome.stderr };
  };

  it.each([
    ["where failOnError threw", `await runMod("./good.mjs", { rows: "many" }, { step: "load", failOnError: true });`],
    ["where the script left it to its session", `await runMod("./good.mjs", { rows: "many" }, { step: "load" });`],
  ])("the step, the line of the script and the fault's own code, %s", async (_, body) => {
    const { script, code, errors, stderr } = await flow(body);
    expect(code).toBe(20);
    expect(errors).toEqual([
      `DATAPY_PARAMETER_INVALID: step load: rows must be a whole number, not the text "many" (${script}:3). Correct the value.`,
    ]);
    // The log says it once; the script's end does not repeat it.
    expect(stderr.split('not the text \\"many\\"')).toHaveLength(2);
  });

  it("the line of the script for a job file that is not there", async () => {
    host.file("nightly.yaml", "mods: {}\n");
    const { script, code, errors } = await flow(`await runJob("./nightli.yaml", { failOnError: true });`);
    expect(code).toBe(20);
    expect(errors[0]).toMatch(/^DATAPY_FILE_NOT_FOUND: no such file: .*nightli\.yaml/);
    expect(errors[0]).toContain(`(${script}:3)`);
    expect(errors[0]).toMatch(/Did you mean .*nightly\.yaml\?/);
  });

  it.each(["runMod('./good.mjs', {}, { failOnErr: true })", "runJob('./job.yaml', { failOnErr: true })"])(
    "an option that there is not: %s",
    async (call) => {
      const { script, code, errors } = await flow(`await ${call};`);
      expect(code).toBe(20);
      expect(errors[0]).toMatch(/^DATAPY_SCRIPT_ARGUMENT: .*"failOnErr".*Did you mean failOnError\?$/);
      expect(errors[0]).toContain(`(${script}:3)`);
    },
  );

  it("a run beside one that failed is canceled in good order", async () => {
    host.mod(
      "waits",
      `await new Promise((resolve, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));`,
    );
    const { code, errors, stderr } = await flow(
      `await Promise.all([runMod("./waits.mjs", {}, { failOnError: true }), runMod("./good.mjs", { rows: "many" }, { failOnError: true })]);`,
    );
    expect(code).toBe(20);
    expect(errors).toEqual([expect.stringMatching(/^DATAPY_PARAMETER_INVALID: step good: /)]);
    expect(stderr).toContain("canceled by the failure of the script");
  });
});

describe("the exit code of a script", () => {
  beforeEach(MODS);

  it.each([
    ["nothing happened", ``, 0],
    ["all of its mods succeeded", `await runMod("./good.mjs");`, 0],
    ["one of its mods warned", `await runMod("./good.mjs"); await runMod("./warns.mjs");`, 10],
    [
      "one of its mods failed and it did not say what that means",
      `if ((await runMod("./fails.mjs")).status === "success") await runMod("./good.mjs");`,
      30,
    ],
    ["a mod was given a bad parameter", `await runMod("./good.mjs", { rows: "many" });`, 20],
    ["a mod ran out of time", `await runMod("./waits.mjs", {}, { timeout: "200ms" });`, 40],
    ["it handled the failure itself", `await runMod("./fails.mjs", {}, { failOnError: false });`, 0],
    ["failOnError threw", `await runMod("./fails.mjs", {}, { failOnError: true });`, 30],
    [
      "failOnError threw and it caught that",
      `try { await runMod("./fails.mjs", {}, { failOnError: true }); } catch (error) { if (error.envelope.exit_code !== 30) throw error; }`,
      0,
    ],
    [
      "failOnError was to throw, and there were warnings",
      `await runMod("./warns.mjs", {}, { failOnError: true });`,
      10,
    ],
    ["it handled the warnings itself", `await runMod("./warns.mjs", {}, { failOnError: false });`, 0],
    ["a run with warnings came before one without", `await runMod("./warns.mjs"); await runMod("./good.mjs");`, 10],
    ["it looked at a warning", `if ((await runMod("./warns.mjs")).status === "error") throw new Error("error");`, 10],
    [
      "it handled a failure, not a warning",
      `await runMod("./fails.mjs", {}, { failOnError: false }); await runMod("./warns.mjs");`,
      10,
    ],
    [
      "its default function returned 0 after a warning",
      `export default async () => { await runMod("./warns.mjs"); return 0; };`,
      0,
    ],
    ["its default function returned nothing", `export default async () => { await runMod("./warns.mjs"); };`, 10],
    ["it called process.exit without a code after a warning", `await runMod("./warns.mjs"); process.exit();`, 10],
    ["it called process.exit without a code after a failure", `await runMod("./fails.mjs"); process.exit();`, 30],
    ["it called process.exit without a code", `await runMod("./good.mjs"); process.exit();`, 0],
    ["a job had warnings", `await runJob("./warns.yaml", { failOnError: true });`, 10],
    ["it handled the warnings of a job", `await runJob("./warns.yaml", { failOnError: false });`, 0],
    ["it threw", `throw new Error("own fault");`, 30],
    [
      "it threw an error with a code",
      `throw new DatapyError({ code: "MINE", message: "bad input", exitCode: 20 });`,
      20,
    ],
    [
      "it left a rejection to nobody",
      `Promise.reject(new Error("stray")); await new Promise((resolve) => setTimeout(resolve, 1000));`,
      30,
    ],
    ["it set process.exitCode", `await runMod("./fails.mjs"); process.exitCode = 10;`, 10],
    ["it called process.exit", `await runMod("./fails.mjs"); process.exit(0); throw new Error("not reached");`, 0],
    ["it set a code that is none of the six", `process.exitCode = 3;`, 30],
    ["its default function returned a code", `export default () => 20;`, 20],
    [
      "its default function returned an envelope",
      `export default async () => { await runMod("./good.mjs"); return runMod("./warns.mjs", {}, { failOnError: false }); };`,
      10,
    ],
    ["its default export is a number", `export default 50;`, 50],
    [
      "it does not await what it starts",
      `async function main() { await new Promise((resolve) => setTimeout(resolve, 300)); await runMod("./warns.mjs"); }\nmain();`,
      10,
    ],
    ["its default function leaves a run behind", `export default () => { void runMod("./warns.mjs"); };`, 10],
    ["it sets its code late", `setTimeout(() => { process.exitCode = 10; }, 100);`, 10],
    ["it throws late", `setTimeout(() => { throw new Error("late"); }, 100);`, 30],
    ["a mod does not exist", `await runMod("no-such-mod");`, 20],
  ])("when %s", async (_, body, code) => {
    host.mod("waits", `await new Promise(() => {});`);
    host.file("warns.yaml", "steps:\n  - { id: odd, mod: ./warns.mjs }\n");
    const script = host.file("flow.mjs", `import { runMod, runJob, DatapyError } from "@datapy/sdk";\n${body}\n`);
    const outcome = await host.runScript(script).ended;
    const envelope = envelopeOf(outcome);
    expect([outcome.code, outcome.stderr]).toEqual([code, expect.anything()]);
    expect(envelope.status === "error" ? envelope.exit_code : envelope.status === "warning" ? 10 : 0).toBe(code);
    expect(envelope.logs).toMatchObject({
      log_file: expect.stringMatching(/flow_\d{8}_\d{6}\.log$/),
      run_id: expect.stringMatching(/^flow_[0-9a-f]{8}$/),
    });
    if (envelope.status === "error") expect(envelope.errors).not.toEqual([]);
  });

  it("comes with the warnings that made it 10, each with its step", async () => {
    const script = host.file(
      "flow.mjs",
      `import { runMod } from "@datapy/sdk";\nfor (const step of ["one", "two"]) await runMod("./warns.mjs", {}, { step, failOnError: step === "one" ? true : undefined });\n`,
    );
    const outcome = await host.runScript(script).ended;
    expect(outcome.code).toBe(10);
    expect(envelopeOf(outcome)).toMatchObject({
      status: "warning",
      warnings: ["step one: odd rows", "step two: odd rows"],
      errors: [],
    });
  });
});

it("lists the runs of a script in its envelope, in the order in which they ended", async () => {
  MODS();
  const script = host.file(
    "flow.ts",
    `import { runMod } from "@datapy/sdk";
const rows: number = 3;
const [one, other] = await Promise.all([runMod("./good.mjs", { rows }), runMod("./fails.mjs", {}, { failOnError: false, step: "risky" })]);
if (one.status !== "success" || other.status !== "error") throw new Error("not as expected");
`,
  );
  const outcome = await host.runScript(script).ended;
  const envelope = envelopeOf(outcome);
  expect(outcome.code).toBe(0);
  expect(envelope).toMatchObject({ status: "success", metrics: { runs: 2, runs_failed: 1 }, globals: { last: 3 } });
  expect(envelope.runs).toHaveLength(2);
  expect(envelope.runs).toEqual(
    expect.arrayContaining([
      {
        mod: "good",
        version: "1.2.3",
        run_id: expect.stringMatching(/^good_/),
        status: "success",
        exit_code: 0,
        execution_time: expect.any(Number),
        errors: [],
      },
      {
        mod: "fails",
        version: "1.2.3",
        run_id: expect.stringMatching(/^fails_/),
        status: "error",
        exit_code: 30,
        execution_time: expect.any(Number),
        errors: [expect.stringContaining("boom")],
      },
    ]),
  );
  const { session_id } = envelope.logs;
  expect(host.log().every((line) => line["session_id"] === session_id)).toBe(true);
});

describe("a script file", () => {
  it.each([
    ["ts", `import { runMod } from "@datapy/sdk"; const n: number = 1; await runMod("./good.mjs", { rows: n });`],
    ["mts", `import { runMod } from "@datapy/sdk"; const n: number = 1; await runMod("./good.mjs", { rows: n });`],
    ["mjs", `import { runMod } from "@datapy/sdk"; await runMod("./good.mjs", { rows: 1 });`],
    ["js", `import { runMod } from "@datapy/sdk"; await runMod("./good.mjs", { rows: 1 });`],
    [
      "cjs",
      `const { runMod } = require("@datapy/sdk"); module.exports = async () => { await runMod("./good.mjs", { rows: 1 }); };`,
    ],
  ])("may be a .%s, with nothing beside it", async (ending, text) => {
    MODS();
    const outcome = await host.runScript(host.file(`flow.${ending}`, text)).ended;
    expect([outcome.code, envelopeOf(outcome).runs?.length]).toEqual([0, 1]);
  });

  it("may import a mod, whose parameters and artifacts the compiler then knows", async () => {
    const mod = host.mod(
      "makes",
      `await ctx.data.writeTable("output_data", sql\`select \${params.n} as n\`); return ctx.result.success();`,
      {
        params: `{ n: Type.Integer() }`,
        artifacts: `{ output_data: { kind: "table", description: "rows" } }`,
      },
    );
    const script = host.file(
      "flow.ts",
      `import { runMod } from "@datapy/sdk";
import makes from ${JSON.stringify(mod)};
const made = await runMod(makes, { n: 1 }, { failOnError: true });
if (made.status === "error") throw new Error();
console.error("made " + made.artifacts.output_data);
`,
    );
    const outcome = await host.runScript(script).ended;
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(/made .*artifacts.*makes_[0-9a-f]{8}.output_data\.parquet/);
  });

  it.each([
    ["is not there", "nowhere.ts", /^DATAPY_SCRIPT_NOT_FOUND: /],
    ["is no script", "notes.txt", /^DATAPY_SCRIPT_KIND: /],
  ])("that %s is refused: 20", async (_, name, expected) => {
    host.file("notes.txt", "");
    const outcome = await host.runScript(name).ended;
    expect(outcome.code).toBe(20);
    expect(envelopeOf(outcome)).toMatchObject({ exit_code: 20, errors: [expect.stringMatching(expected)], runs: [] });
  });

  it("that cannot be compiled is named with line and column", async () => {
    const outcome = await host.runScript(host.file("flow.ts", `const a: number = 1;\nconst b: = 2;\n`)).ended;
    expect(outcome.code).toBe(30);
    expect(envelopeOf(outcome)).toMatchObject({ errors: [expect.stringMatching(/flow\.ts:2:/)] });
  });

  it.each(["ts", "mjs"])("shows its own lines in the stack trace of an error (.%s)", async (ending) => {
    const typed = ending === "ts" ? ["interface Row {\n  id: number;\n}", ": Row"] : ["\n\n", ""];
    const script = host.file(
      `flow.${ending}`,
      `import { runMod } from "@datapy/sdk";
${typed[0]}
function deep(row${typed[1]}) {
  throw new Error("row " + row.id);
}
export default async () => {
  deep({ id: 1 });
};
void runMod;
`,
    );
    const outcome = await host.runScript(script).ended;
    expect(outcome.code).toBe(30);
    const stack = String(host.log().find((line) => "stack" in line)?.["stack"]);
    expect(stack).toMatch(new RegExp(`at deep \\(.*flow\\.${ending}:6:9\\)`));
    expect(stack).toMatch(new RegExp(`flow\\.${ending}:9:3\\)`));
  });
});

describe("what a script is given", () => {
  const SHOW = `console.error(JSON.stringify({ params, globals, arguments: process.argv.slice(2) }));`;

  it("reaches it by import", async () => {
    const file = host.file("p.yaml", "input: a.csv\nlimit: 5\nday: ${run.date}\n");
    const script = host.file("flow.mjs", `import { params, globals } from "@datapy/sdk";\n${SHOW}`);
    const outcome = await host.runScript(script, {
      configuration: { file: { path: file }, sets: ["limit=7"] },
      arguments: ["one", "--two"],
    }).ended;
    expect(outcome.code).toBe(0);
    expect(JSON.parse(outcome.stderr.split("\n").find((line) => line.includes('"params"')) ?? "")).toEqual({
      params: { input: "a.csv", limit: 7, day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
      globals: {},
      arguments: ["one", "--two"],
    });
  });

  it("reaches its default function, and job form gives globals to it and parameters to mods", async () => {
    MODS();
    const file = host.file("p.yaml", "globals:\n  region: north\nparams:\n  limit: 5\nmods:\n  good:\n    rows: 42\n");
    const script = host.file(
      "flow.mjs",
      `import { runMod } from "@datapy/sdk";
export default async ({ params, globals }) => {
  ${SHOW}
  const { metrics } = await runMod("./good.mjs");
  return metrics.rows_output === 42 ? 0 : 30;
};`,
    );
    const outcome = await host.runScript(script, { configuration: { file: { path: file } } }).ended;
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('{"params":{"limit":5},"globals":{"region":"north"},"arguments":[]}');
  });

  it("is wrong: 20", async () => {
    const file = host.file("p.yaml", "a: ${env.NO_SUCH_VARIABLE_HERE}\n");
    const outcome = await host.runScript(host.file("flow.mjs", ""), { configuration: { file: { path: file } } }).ended;
    expect(outcome.code).toBe(20);
    expect(envelopeOf(outcome)).toMatchObject({ exit_code: 20, errors: [expect.stringMatching(/p\.yaml:1:/)] });
  });
});

it("writes its log where setGlobalConfig says, also when a line was logged before", async () => {
  MODS();
  const script = host.file(
    "flow.mjs",
    `import { setGlobalConfig, setupLogger, runMod } from "@datapy/sdk";
const logger = setupLogger("flow");
logger.info("the first line");
setGlobalConfig({ log_path: "elsewhere", rows: 9 });
const { metrics } = await runMod("./good.mjs");
if (metrics.rows_output !== 9) throw new Error("the global did not reach the parameter");
`,
  );
  const outcome = await host.runScript(script).ended;
  expect(outcome.code).toBe(0);
  expect(path.dirname(envelopeOf(outcome).logs.log_file)).toBe(path.join(host.path, "elsewhere"));
  expect(outcome.stderr).toContain("the first line");
});

it("keeps runs that go on side by side apart", async () => {
  host.mod(
    "speaks",
    `await new Promise((resolve) => setTimeout(resolve, Math.random() * 20)); say("in " + params.n); ctx.result.addMetric("n", params.n); return ctx.result.success();`,
    {
      params: `{ n: Type.Integer() }`,
      head: `import { say } from "./shared.mjs";`,
    },
  );
  host.file(
    "shared.mjs",
    `import { setupLogger } from "@datapy/sdk";\nconst logger = setupLogger("shared");\nexport const say = (text) => logger.info(text);\n`,
  );
  const script = host.file(
    "flow.mjs",
    `import { runMod } from "@datapy/sdk";
const done = await Promise.all(Array.from({ length: 20 }, (_, n) => runMod("./speaks.mjs", { n })));
for (const [n, envelope] of done.entries()) if (envelope.metrics.n !== n) throw new Error("mixed up");
console.error("ids " + JSON.stringify(done.map((envelope) => envelope.logs.run_id)));
`,
  );
  const outcome = await host.runScript(script).ended;
  expect(outcome.code).toBe(0);
  const ids = JSON.parse(/ids (.*)/.exec(outcome.stderr)?.[1] ?? "") as string[];
  const lines = host.log().filter((line) => line["logger"] === "shared");
  expect(lines).toHaveLength(20);
  for (const line of lines) expect(ids.indexOf(String(line["run_id"]))).toBe(Number(String(line["message"]).slice(3)));
});

it("tells a script of its runs as they go", async () => {
  host.mod(
    "counts",
    `for (let done = 0; done <= 100; done += 50) { ctx.progress(done, 100); await new Promise((resolve) => setTimeout(resolve, 5)); } return ctx.result.success();`,
  );
  const script = host.file(
    "flow.mjs",
    `import { runEvents, runMod } from "@datapy/sdk";
const seen = [];
const events = runEvents();
const reading = (async () => { for await (const event of events) { seen.push(event.kind + (event.done ?? "")); if (event.kind === "run-ended") break; } })();
await new Promise((resolve) => setTimeout(resolve, 300));
await runMod("./counts.mjs");
await reading;
console.error("seen " + seen.join(" "));
`,
  );
  const outcome = await host.runScript(script).ended;
  expect(outcome.code).toBe(0);
  expect(outcome.stderr).toContain("seen run-started progress0 progress50 progress100 run-ended");
});

describe("a script that is to end", () => {
  it("gets 50 and lists its runs when it is canceled while a mod runs", async () => {
    MODS();
    host.mod(
      "waits",
      `console.error("running"); await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));`,
    );
    const script = host.file(
      "flow.mjs",
      `import { runMod } from "@datapy/sdk"; await runMod("./good.mjs"); await runMod("./waits.mjs"); await runMod("./good.mjs"); console.error("went on");`,
    );
    const running = host.runScript(script);
    await running.shows("running");
    running.child.kill("SIGTERM");
    const outcome = await running.ended;
    expect(outcome.code).toBe(50);
    const envelope = envelopeOf(outcome);
    expect(envelope).toMatchObject({ exit_code: 50, errors: [expect.stringMatching(/^DATAPY_CANCELED: .*SIGTERM/)] });
    expect(envelope.runs?.map((run) => [run.mod, run.exit_code])).toEqual([
      ["good", 0],
      ["waits", 50],
    ]);
    expect(outcome.stderr).not.toContain("went on");
  });

  it("starts nothing more once it is canceled, however long its loop is", async () => {
    host.mod(
      "waits",
      `console.error("running"); await new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)));`,
    );
    const script = host.file(
      "flow.mjs",
      `import { runMod } from "@datapy/sdk"; try { for (;;) await runMod("./waits.mjs"); } finally { console.error("tidied up"); }`,
    );
    const running = host.runScript(script);
    await running.shows("running");
    running.child.kill("SIGTERM");
    const outcome = await running.ended;
    expect(outcome.code).toBe(50);
    expect(envelopeOf(outcome).runs).toHaveLength(1);
    expect(outcome.stderr).toContain("tidied up");
  });

  it("gets 50 when it does something of its own, and may tidy up", async () => {
    const script = host.file(
      "flow.mjs",
      `import { sessionSignal } from "@datapy/sdk";
const signal = await sessionSignal();
signal.addEventListener("abort", () => console.error("tidied up"));
console.error("running");
await new Promise(() => setInterval(() => {}, 1000));`,
    );
    const running = host.runScript(script);
    await running.shows("running");
    running.child.kill("SIGINT");
    const outcome = await running.ended;
    expect(outcome.code).toBe(50);
    expect(outcome.stderr).toContain("tidied up");
  });

  it("gets 40 when its time is up, also when it blocks the event loop", async () => {
    const waits = await host.runScript(host.file("waits.mjs", `await new Promise(() => {});`), { timeoutMs: 300 })
      .ended;
    expect(waits.code).toBe(40);
    expect(envelopeOf(waits)).toMatchObject({
      errors: [expect.stringMatching(/^DATAPY_TIMEOUT: waits .*300ms/)],
      runs: [],
    });
    const blocks = await host.runScript(host.file("blocks.mjs", `for (;;);`), { timeoutMs: 300 }).ended;
    expect(blocks.code).toBe(40);
    expect(envelopeOf(blocks)).toMatchObject({ exit_code: 40, runs: [] });
  });

  it("gets 40 when a mod blocks the event loop past the time that runMod gave it", async () => {
    MODS();
    host.mod("blocks", `for (;;);`);
    const script = host.file(
      "flow.mjs",
      `import { runMod } from "@datapy/sdk"; await runMod("./good.mjs"); await runMod("./blocks.mjs", {}, { timeout: 300 });`,
    );
    const outcome = await host.runScript(script).ended;
    expect(outcome.code).toBe(40);
    const envelope = envelopeOf(outcome);
    expect(envelope).toMatchObject({ errors: [expect.stringMatching(/^DATAPY_TIMEOUT: blocks .*300ms/)] });
    expect(envelope.runs?.map((run) => [run.mod, run.exit_code])).toEqual([
      ["good", 0],
      ["blocks", 40],
    ]);
  });
});

it("ends when a .cjs that calls its own main() has done so", async () => {
  MODS();
  const script = host.file(
    "flow.cjs",
    `const { runMod } = require("@datapy/sdk");
async function main() {
  for (let rows = 1; rows <= 3; rows++) await runMod("./good.mjs", { rows });
  console.error("main is over");
}
main();
`,
  );
  const outcome = await host.runScript(script).ended;
  expect([outcome.code, envelopeOf(outcome).runs?.length]).toEqual([0, 3]);
  expect(outcome.stderr).toContain("main is over");
});

describe("plain node", () => {
  beforeEach(() => {
    MODS();
    host.linkPackages();
  });

  it.each([
    ["succeeds", `await runMod("./good.mjs");`, 0],
    ["fails", `await runMod("./fails.mjs");`, 30],
    ["warns", `await runMod("./warns.mjs");`, 10],
    ["warns where failOnError would throw", `await runMod("./warns.mjs", {}, { failOnError: true });`, 10],
    ["warns, and calls process.exit without a code", `await runMod("./warns.mjs"); process.exit();`, 10],
    ["fails, and calls process.exit without a code", `await runMod("./fails.mjs"); process.exit();`, 30],
    ["calls process.exit with a code", `await runMod("./fails.mjs"); process.exit(0);`, 0],
    ["handles the failure", `await runMod("./fails.mjs", {}, { failOnError: false });`, 0],
    ["handles the warnings", `await runMod("./warns.mjs", {}, { failOnError: false });`, 0],
    ["sets its own code", `await runMod("./fails.mjs"); process.exitCode = 0;`, 0],
    ["throws", `await runMod("./good.mjs"); throw new Error("own fault");`, 30],
    ["has a bad parameter", `await runMod("./good.mjs", { rows: "x" });`, 20],
    ["does not await what it starts", `async function main() { await runMod("./fails.mjs"); }\nmain();`, 30],
  ])("runs a script that %s as datapy run-script does", async (_, body, code) => {
    const script = host.file("flow.mjs", `import { runMod } from "@datapy/sdk";\n${body}`);
    const outcome = await host.start([script]).ended;
    expect([outcome.code, outcome.signal, outcome.stdout]).toEqual([code, null, ""]);
    expect(host.files(".datapy/logs")).toEqual([expect.stringMatching(/^flow_\d{8}_\d{6}\.log$/)]);
    expect(host.ledger().at(-1)).toMatchObject({ eventType: code >= 20 && code !== 0 ? "FAIL" : "COMPLETE" });
  });

  it("ends with 50 after a signal, its temporary files gone", async () => {
    const mod = host.mod(
      "writes",
      `console.error("running"); await ctx.data.writeTable("output_data", sql\`select a.range as a, md5(b.range::varchar) as m from range(1000000000) a, range(1000) b\`); return ctx.result.success();`,
      {
        artifacts: `{ output_data: { kind: "table", description: "rows" } }`,
      },
    );
    const running = host.start([
      host.file("flow.mjs", `import { runMod } from "@datapy/sdk"; await runMod(${JSON.stringify(mod)});`),
    ]);
    await host.hasFile(".datapy/tmp", "output_data.parquet");
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(50);
    expect(host.files(".datapy/tmp")).toEqual([]);
    expect(host.files(".datapy/artifacts")).toEqual([]);
  });

  it("finds the project of the script, wherever it is started", async () => {
    host.file("project_defaults.yaml", `project_name: here\nmod_defaults:\n  good:\n    rows: 77\n`);
    mkdirSync(path.join(host.path, "jobs"));
    mkdirSync(path.join(host.path, "other/deep/down"), { recursive: true });
    const script = host.file(
      "jobs/flow.mjs",
      `import { runMod } from "@datapy/sdk"; const { metrics } = await runMod(${JSON.stringify(path.join(host.path, "good.mjs"))}); console.error("rows " + metrics.rows_output);`,
    );
    const outcome = await host.start([script]).ended;
    expect(numberAfter("rows", outcome.stderr)).toBe(77);
  });
});
