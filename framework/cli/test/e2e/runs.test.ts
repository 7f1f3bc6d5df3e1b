import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { Terminal } from "@xterm/headless";
import { spawn } from "@lydell/node-pty";
import type { RunRecord, RunSummary } from "@datapy/sdk/ledger";
import { DATAPY, Workspace } from "../support/workspace.js";

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
  workspace.write("counter.mjs", COUNTER);
});
afterEach(() => workspace.remove());

/** A mod that counts for a while, logging and reporting progress, and fails when it is told to. */
const COUNTER = `
import { Secret, Type, defineMod } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "counter", version: "1.2.3", description: "Counts" },
  params: Type.Object({ steps: Type.Number({ default: 2 }), fail: Type.Boolean({ default: false }), password: Type.Optional(Secret()) }),
  async run(params, ctx) {
    for (let step = 1; step <= params.steps; step += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      ctx.progress(step * 1000, params.steps * 1000);
      ctx.log.info("counted", { step });
    }
    ctx.result.addMetric("rows_output", params.steps * 1000);
    if (params.fail) throw new Error("told to fail with " + params.password);
    return ctx.result.success();
  },
});
`;

async function runCounter(...sets: string[]): Promise<string> {
  const { stdout } = await workspace.run(["run-mod", "./counter.mjs", ...sets.flatMap((set) => ["--set", set])]);
  return (JSON.parse(stdout) as { logs: { run_id: string } }).logs.run_id;
}

async function list(...args: string[]): Promise<RunSummary[]> {
  const { code, stdout, stderr } = await workspace.run(["runs", ...args, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as RunSummary[];
}

it("lists runs, and shows one with its parameters, where they came from, and its result", async () => {
  expect((await workspace.run(["runs"])).stdout).toBe("No runs.\n");
  const good = await runCounter("steps=3");
  const bad = await runCounter("fail=true", "password=hunter2!");
  expect(await list()).toMatchObject([
    {
      run_id: bad,
      status: "error",
      exit_code: 30,
      message: expect.stringContaining("told to fail with ***") as string,
    },
    { run_id: good, mod: "counter", status: "success", exit_code: 0, rows: 3000 },
  ]);
  expect((await list("--failed")).map((run) => run.run_id)).toEqual([bad]);
  expect(await list("--mod", "other")).toEqual([]);
  expect(await list("--since", "2030-01-01")).toEqual([]);
  expect((await list("--limit", "1")).map((run) => run.run_id)).toEqual([bad]);

  const table = (await workspace.run(["runs"])).stdout;
  expect(table.split("\n")[0]).toMatch(/^STARTED +RUN +JOB +STATUS +EXIT +TIME +ROWS +MESSAGE$/);
  expect(table).toContain(good);
  expect((await workspace.run(["runs", "--limit", "1"])).stdout).toContain("see more with --limit or --all");

  const shown = await workspace.run(["runs", "show", good]);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^ +steps +3 +set, --set$/m);
  expect(shown.stdout).toMatch(/^ +fail +false +default$/m);
  expect(shown.stdout).toMatch(/^ +rows_output +3000$/m);
  const record = JSON.parse((await workspace.run(["runs", "show", bad.slice(-8), "--json"])).stdout) as RunRecord;
  expect(record).toMatchObject({
    summary: { run_id: bad },
    version: "1.2.3",
    parameters: { fail: true, password: "***" },
    envelope: { exit_code: 30 },
  });
});

it("prints the log of a run, and follows one that is going on to its end", async () => {
  const one = await runCounter("steps=3");
  const logs = await workspace.run(["runs", "logs", one]);
  const messages = (text: string): unknown[] =>
    text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { message: unknown }).message);
  expect(messages(logs.stdout)).toEqual(["run started", "counted", "counted", "counted", "run ended"]);
  expect((await workspace.run(["runs", "logs", one, "--format", "pretty"])).stdout).toMatch(
    /INFO {4}counter counted step=3\n/,
  );

  const going = workspace.start(["run-mod", "./counter.mjs", "--set", "steps=40"]);
  const [, runId = ""] = /"run_id":"(counter_[0-9a-f]{8})"/.exec(await going.shows('"run started"')) ?? [];
  const followed = await workspace.run(["runs", "logs", runId, "-f"]);
  expect((await going.ended).code).toBe(0);
  expect(messages(followed.stdout)).toEqual(["run started", ...Array<string>(40).fill("counted"), "run ended"]);
});

it("says what is wrong with an id, a time or a limit, with exit code 20", async () => {
  for (const [args, code] of [
    [["runs", "show", "nope"], "DATAPY_RUN_UNKNOWN"],
    [["runs", "logs", "nope"], "DATAPY_RUN_UNKNOWN"],
    [["runs", "--since", "someday"], "DATAPY_TIME_UNREADABLE"],
    [["runs", "prune"], "DATAPY_CLI"],
    [["runs", "--limit", "0"], "DATAPY_CLI"],
  ] as const) {
    const outcome = await workspace.run(args);
    expect(outcome).toMatchObject({ code: 20, stdout: "" });
    expect(outcome.stderr).toContain(code);
  }
});

it("prunes what is old, and first only says so", async () => {
  await runCounter();
  expect((await workspace.run(["runs", "prune", "--older-than", "1d"])).stdout).toMatch(/^Removed 0 sessions/);
  expect((await workspace.run(["runs", "prune", "--older-than", "2099-01-01", "--dry-run"])).stdout).toMatch(
    /^Would remove 1 sessions/,
  );
  expect(await list()).toHaveLength(1);
  expect(
    JSON.parse((await workspace.run(["runs", "prune", "--older-than", "2099-01-01", "--json"])).stdout),
  ).toMatchObject({ sessions: 1 });
  expect(await list()).toEqual([]);
});

it("says that a killed run is lost or failed, and reads what it left", async () => {
  const going = workspace.start(["run-mod", "./counter.mjs", "--set", "steps=1000"]);
  await going.shows('"counted"');
  going.process.kill("SIGKILL");
  await going.ended;
  const [run] = await list();
  expect(["running", "lost", "error"]).toContain(run?.status);
});

it("writes metrics for a collector with --metrics-file, whether the run fails or not", async () => {
  await workspace.run(["run-mod", "./counter.mjs", "--metrics-file", "datapy.prom", "--set", "fail=true"]);
  expect(readFileSync(path.join(workspace.folder, "datapy.prom"), "utf8")).toContain(
    'datapy_run_success{job="counter",mod="counter"} 0\n',
  );
  const nowhere = await workspace.run(["run-mod", "./counter.mjs", "--metrics-file", "no/such/folder/x.prom"]);
  expect(nowhere.code).toBe(0);
  expect(nowhere.stderr).toContain("the metrics file could not be written");
});

it("shows live progress on a terminal while standard output is a file, and keeps it out of both", async () => {
  const terminal = new Terminal({ cols: 120, rows: 20, allowProposedApi: true });
  const env = { ...workspace.environment(), TERM: "xterm-256color" } as Record<string, string>;
  const pty = spawn(
    "sh",
    ["-c", '"$0" "$1" run-mod ./counter.mjs --set steps=30 > out.json', process.execPath, DATAPY],
    { cols: 120, rows: 20, cwd: workspace.folder, env },
  );
  let raw = "";
  pty.onData((data) => {
    raw += data;
    terminal.write(data);
  });
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => pty.onExit(resolve));
  await new Promise<void>((resolve) => terminal.write("", resolve));
  expect(exitCode).toBe(0);
  expect(raw).toMatch(/counter {2}[\d,]+ of 30,000 rows \(\d+ %\), [\d,]+ rows\/s {2}\d s, \d+ s left/);
  const screen = Array.from(
    { length: terminal.buffer.active.length },
    (_, y) => terminal.buffer.active.getLine(y)?.translateToString(true) ?? "",
  );
  expect(screen.filter((line) => line.includes("rows/s"))).toEqual([]);
  expect(screen.filter((line) => line.includes("counted")).length).toBeGreaterThan(10);
  expect(JSON.parse(readFileSync(path.join(workspace.folder, "out.json"), "utf8"))).toMatchObject({
    status: "success",
  });
  const logs = path.join(workspace.folder, ".datapy/logs");
  const [file = ""] = readdirSync(logs);
  expect(readFileSync(path.join(logs, file), "utf8")).not.toContain("rows/s");
});
