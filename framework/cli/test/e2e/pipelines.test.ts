import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { JobCheck } from "@datapy/sdk/check";
import type { JobPreview } from "@datapy/sdk/preview";
import type { PipelineTestReport } from "@datapy/sdk/pipeline-tests";
import type { QuarantineEntry, QuarantineReplay } from "@datapy/sdk/quarantine";
import { Workspace } from "../support/workspace.js";
import type { AnyEnvelope } from "./any-envelope.js";

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
  workspace.write("lines.mjs", LINES);
  workspace.write("judge.mjs", JUDGE);
  workspace.write("sink.mjs", SINK);
  workspace.write("job.yaml", JOB);
  workspace.write("in.txt", "1\n2\n30\n4\n");
});
afterEach(() => workspace.remove());

/** One number a line; `wait` makes it slow. */
const LINES = `
import { Path, Type, defineMod, literal, sql, join } from "@datapy/mod-kit";
import { readFileSync, existsSync } from "node:fs";
export default defineMod({
  metadata: { name: "lines", version: "1.0.0", description: "Reads", category: "source" },
  params: Type.Object({ input_path: Path() }),
  artifacts: { output_data: { kind: "table", description: "Rows" } },
  async check(params) { if (!existsSync(params.input_path)) throw new Error("no " + params.input_path); },
  guess: { parameter: "input_path", files: [".txt"], run: async (params) => ({ params: {} }) },
  async run(params, ctx) {
    console.log("printed by a mod");
    const numbers = readFileSync(params.input_path, "utf8").trim().split("\\n").map(Number);
    await ctx.data.writeTable("output_data", join(numbers.map((one) => sql\`select \${literal(one)}::bigint as n\`), " union all "));
    await ctx.state.set("seen", numbers.length);
    return ctx.result.success();
  },
});
`;
/** Sets aside what is more than ten. */
const JUDGE = `
import { Artifact, Type, defineMod, sql, table } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "judge", version: "1.0.0", description: "Judges", category: "transformer" },
  params: Type.Object({ input_artifact: Artifact(), most: Type.Integer({ default: 10 }) }),
  artifacts: { output_data: { kind: "table", description: "Good" }, quarantine: { kind: "table", description: "Bad", optional: true } },
  async run(params, ctx) {
    const rows = sql\`\${table(params.input_artifact)}\`;
    await ctx.data.writeTable("output_data", sql\`select * from \${rows} where n <= \${params.most}\`);
    const bad = await ctx.data.writeTable("quarantine", sql\`select 'more than ' || \${params.most} as quarantine_reason, * from \${rows} where n > \${params.most}\`);
    ctx.result.addMetric("rows_rejected", bad.rows);
    if (bad.rows > 0) ctx.result.addWarning(bad.rows + " rows were set aside");
    return ctx.result.success();
  },
});
`;
/** Appends to a file, once for each run id, as a sink with a ledger does. */
const SINK = `
import { Artifact, Path, Type, defineMod, sql, table } from "@datapy/mod-kit";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
export default defineMod({
  metadata: { name: "sink", version: "1.0.0", description: "Loads", category: "sink" },
  params: Type.Object({ input_artifact: Artifact(), output_path: Path({ access: "write" }), fail: Type.Boolean({ default: false }) }),
  async run(params, ctx) {
    const rows = await ctx.data.query(sql\`select n from \${table(params.input_artifact)} order by n\`);
    const loaded = existsSync(params.output_path) ? readFileSync(params.output_path, "utf8") : "";
    if (!loaded.includes(ctx.runId)) appendFileSync(params.output_path, ctx.runId + " " + rows.map((row) => row.n).join(",") + "\\n");
    ctx.result.addDataset({ role: "output", uri: params.output_path, rows: rows.length });
    if (params.fail) throw new Error("told to fail");
    return ctx.result.success();
  },
});
`;
const JOB = `
steps:
  - { id: read, mod: ./lines.mjs, params: { input_path: in.txt } }
  - { id: judge, mod: ./judge.mjs, params: { input_artifact: "\${mods.read.artifacts.output_data}" } }
  - { id: load, mod: ./sink.mjs, params: { input_artifact: "\${mods.judge.artifacts.output_data}", output_path: out.txt } }
`;

function loaded(): string[] {
  const file = path.join(workspace.folder, "out.txt");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.replace(/^\S+ /, ""));
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- says what the command prints
async function json<Result>(...args: string[]): Promise<{ readonly code: number | null; readonly result: Result }> {
  const { code, stdout } = await workspace.run([...args, "--json"]);
  return { code, result: JSON.parse(stdout) as Result };
}

it("previews a job on a sample, opens no sink and keeps nothing", async () => {
  const shown = await workspace.run(["preview", "job.yaml", "-n", "2"]);
  expect(shown.code).toBe(10);
  expect(shown.stdout).toContain("read/output_data: 2 of 4 rows, 1 columns\nn\n1\n2");
  expect(shown.stdout).toContain("load (sink)  not run: a sink is not opened");
  expect(shown.stdout).not.toContain("printed by a mod");
  expect(shown.stderr).toContain("printed by a mod");
  const { result } = await json<JobPreview>("preview", "job.yaml", "judge", "--sample", "2", "-n", "1");
  expect(
    result.steps.map(({ step, tables }) => [step, tables.map(({ key, total, rows }) => [key, total, rows])]),
  ).toEqual([
    ["read", [["output_data", 2, [[1]]]]],
    [
      "judge",
      [
        ["output_data", 2, [[1]]],
        ["quarantine", 0, []],
      ],
    ],
  ]);
  expect(existsSync(path.join(workspace.folder, ".datapy"))).toBe(false);
  expect(loaded()).toEqual([]);
});

it("checks what the mods of a job can reach, and moves nothing", async () => {
  const { code, result } = await json<JobCheck>("check", "job.yaml");
  expect(code).toBe(0);
  expect(result.steps.map(({ step, status }) => [step, status])).toEqual([
    ["read", "ok"],
    ["judge", "unchecked"],
    ["load", "unchecked"],
  ]);
  const failed = await workspace.run(["check", "job.yaml", "--set", "mods.read.input_path=none.txt"]);
  expect(failed.code).toBe(30);
  expect(failed.stdout).toMatch(/^read +lines +failed/m);
  expect(existsSync(path.join(workspace.folder, ".datapy"))).toBe(false);
});

it("runs tests of pipelines, each by itself, with golden files and a report", async () => {
  workspace.write(
    "tests/job.test.yaml",
    `
job: ../job.yaml
tests:
  - name: loads what is good
    files: { in.txt: "5\\n50\\n" }
    expect:
      status: warning
      steps:
        judge: { rows: [{ n: 5 }], quarantine: { rows: [{ n: 50 }] }, metrics: { rows_rejected: 1 }, golden: judged.csv }
        load: { status: success }
  - name: is told of a sink that is down
    mocks: { read: { rows: [{ n: 1 }] }, load: { errors: "SINK_DOWN: no", exit_code: 30 } }
    expect: { exit_code: 30, errors: SINK_DOWN }
  - name: is wrong about the rows
    mocks: { read: { rows: [{ n: 1 }, { n: 2 }] }, load: }
    expect: { steps: { judge: { rows: [{ n: 1 }, { n: 3 }] } } }
`,
  );
  workspace.write(
    "tests/mod.test.yaml",
    `
mod: ../judge.mjs
tests:
  - name: takes a limit
    input: { rows: [{ n: 1 }, { n: 5 }], columns: { n: BIGINT } }
    params: { most: 4 }
    expect: { rows: [{ n: 1 }], columns: { n: BIGINT }, quarantine: 1 }
  - { name: later, skip: not yet, expect: {} }
`,
  );
  const first = await workspace.run(["test", "--junit", "out/report.xml"]);
  expect(first.code).toBe(30);
  expect(first.stdout).toContain("judge: output_data lacks the row { n: 3 }");
  expect(first.stdout).toContain("there is no golden file judged.csv");
  expect(first.stdout).toContain("5 tests: 2 passed, 2 failed, 1 skipped.");
  const report = readFileSync(path.join(workspace.folder, "out/report.xml"), "utf8");
  expect(report).toContain('<testsuites tests="5" failures="2" errors="0" skipped="1"');

  const updated = await json<PipelineTestReport>("test", "tests/job.test.yaml", "--name", "loads*", "--update");
  expect(updated).toMatchObject({ code: 0, result: { tests: [{ status: "passed", updated: [expect.anything()] }] } });
  expect(readFileSync(path.join(workspace.folder, "tests/judged.csv"), "utf8")).toBe("n\n5\n");
  expect((await workspace.run(["test", "tests", "--name", "loads*"])).code).toBe(0);
  expect(existsSync(path.join(workspace.folder, ".datapy"))).toBe(false);
  expect(loaded()).toEqual([]);

  workspace.write("tests/bad.test.yaml", "job: ../job.yaml\ntests:\n  - nam: x\n    expect: {}\n");
  const bad = await workspace.run(["test", "tests/bad.test.yaml"]);
  expect(bad.code).toBe(20);
  expect(bad.stdout).toContain("Did you mean name?");
  expect((await workspace.run(["lint", "tests/bad.test.yaml"])).code).toBe(20);
  expect(await workspace.run(["test", "none"])).toMatchObject({ code: 20, stdout: "" });
});

it("replays what was set aside once, through the steps behind the one that refused it", async () => {
  expect((await workspace.run(["run-job", "job.yaml"])).code).toBe(10);
  const [entry] = (await json<QuarantineEntry[]>("quarantine", "list")).result;
  expect(entry).toMatchObject({ step: "judge", rows: 1, open: 1 });
  const id = entry?.id ?? "";
  const shown = await workspace.run(["quarantine", "show", id]);
  expect(shown.stdout).toMatch(/^ +1 +more than 10$/m);
  const csv = (await workspace.run(["quarantine", "show", id, "--csv"])).stdout;
  expect(csv).toBe("replay_row,quarantine_reason,n\n1,more than 10,30\n");

  workspace.write("wrong.csv", csv.replace(",30", ",three"));
  const wrong = await workspace.run(["quarantine", "replay", id, "--rows", "wrong.csv"]);
  expect(wrong.code).toBe(20);
  expect(wrong.stderr).toContain('row 1, column n: "three" is no BIGINT');

  workspace.write("corrected.csv", csv.replace(",30", ",3"));
  // Fails after it has loaded: the next try must not load again.
  const set = ["--set", "mods.load.fail=true"];
  expect((await json<QuarantineReplay>("quarantine", "replay", id, "--rows", "corrected.csv", ...set)).code).toBe(30);
  expect(loaded()).toEqual(["1,2,4", "3"]);
  const done = await json<QuarantineReplay>("quarantine", "replay", id, "--rows", "corrected.csv");
  expect(done).toMatchObject({ code: 0, result: { rows: 1, already_replayed: 0 } });
  expect(loaded()).toEqual(["1,2,4", "3"]);
  const again = await json<QuarantineReplay>("quarantine", "replay", id, "--rows", "corrected.csv");
  expect(again).toMatchObject({ code: 10, result: { rows: 0, already_replayed: 1 } });
  expect(loaded()).toEqual(["1,2,4", "3"]);
  expect((await json<QuarantineEntry[]>("quarantine", "list")).result).toEqual([]);
  // A later run of the job takes nothing from the replay.
  writeFileSync(path.join(workspace.folder, "in.txt"), "7\n");
  expect((await workspace.run(["run-job", "job.yaml", "--from", "judge"])).code).toBe(10);
  expect(loaded().at(-1)).toBe("1,2,4");
});

it("replays what a mod set aside that was run by its path", async () => {
  const read = await workspace.run(["run-mod", "./lines.mjs", "--set", "input_path=in.txt"]);
  const table = (JSON.parse(read.stdout) as AnyEnvelope).artifacts;
  const judged = ["run-mod", "./judge.mjs", "--set", `input_artifact=${String(table["output_data"])}`];
  expect((await workspace.run(judged)).code).toBe(10);
  const [entry] = (await json<QuarantineEntry[]>("quarantine", "list")).result;
  workspace.write("corrected.csv", "replay_row,quarantine_reason,n\n1,mended,3\n");
  const done = await json<QuarantineReplay>("quarantine", "replay", entry?.id ?? "", "--rows", "corrected.csv");
  expect(done).toMatchObject({ code: 0, result: { rows: 1 } });
});

it("sets aside anew what is refused again", async () => {
  await workspace.run(["run-job", "job.yaml"]);
  const [entry] = (await json<QuarantineEntry[]>("quarantine", "list")).result;
  expect((await json<QuarantineReplay>("quarantine", "replay", entry?.id ?? "")).code).toBe(10);
  const left = (await json<QuarantineEntry[]>("quarantine", "list")).result;
  expect(left).toMatchObject([{ rows: 1, open: 1, step: "judge" }]);
  expect(left[0]?.id).not.toBe(entry?.id);
  const passed = await json<QuarantineReplay>("quarantine", "replay", left[0]?.id ?? "", "--set", "mods.judge.most=99");
  expect(passed).toMatchObject({ code: 0, result: { rows: 1 } });
  expect(loaded()).toContain("30");
});

it("guesses through a process of its own, and replaces no file unasked", async () => {
  workspace.addPackages([]);
  workspace.write("params.yaml", "# mine\n");
  const refused = await workspace.run(["guess", "in.txt", "-o", "params.yaml"]);
  expect(refused).toMatchObject({ code: 20, stdout: "" });
  expect(refused.stderr).toContain("--force");
  expect(readFileSync(path.join(workspace.folder, "params.yaml"), "utf8")).toBe("# mine\n");
  const none = await workspace.run(["guess", "picture.png"]);
  expect(none.code).toBe(20);
});
