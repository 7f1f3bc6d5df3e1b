import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import { load } from "js-yaml";
import { parseCron } from "../../src/export/cron-expression.js";
import { exportJob } from "../../src/export/export-job.js";
import type { ExportRequest, Scheduler } from "../../src/export/exported-job.js";
import { shellWord } from "../../src/export/shell-script.js";
import { pythonText } from "../../src/export/to-airflow.js";
import { calendar, systemdWord } from "../../src/export/to-systemd.js";

/** Everything that some language takes for something else. */
const ODD = `it's 100% "odd" $HOME \`x\` \\ #1; ünïcode 😀 \${{ secrets }}`;
const have = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

let folder: string;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(os.tmpdir(), "datapy-export-")), ODD);
  mkdirSync(folder);
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

function write(more = 'schedule: { cron: "15 2 * * mon-fri", timezone: Europe/Berlin }\ntimeout: 30m'): string {
  const file = `${ODD}.yaml`;
  const text = `name: ${JSON.stringify(ODD)}\nowner: Ada\ntags: [nightly]\n${more}\nmods:\n  csv_reader: { input_path: x.csv }\n`;
  writeFileSync(path.join(folder, file), text);
  return file;
}

function exported(to: Scheduler, more: Partial<ExportRequest> = {}) {
  return exportJob({ file: write(), cwd: folder, to, ...more });
}

function fileOf(to: Scheduler, ending: string, more: Partial<ExportRequest> = {}): string {
  const found = exported(to, more).files.find(({ name }) => name.endsWith(ending));
  if (found === undefined) throw new Error(`no file ${ending}`);
  const file = path.join(folder, found.name);
  writeFileSync(file, found.text);
  if (found.executable === true) chmodSync(file, 0o755);
  return file;
}

/** A program in the place of `datapy` that ends with the codes of a file, one a call, and notes how it was called. */
function fakeDatapy(codes: readonly number[]): { command: string; calls(): string[][] } {
  const command = path.join(folder, "fake datapy");
  const [left, log] = [path.join(folder, "codes"), path.join(folder, "calls")];
  writeFileSync(left, `${codes.join("\n")}\n`);
  writeFileSync(
    command,
    `#!/bin/sh\nfor word in "$PWD" "$@"; do printf '%s\\0' "$word" >> '${log.replaceAll("'", "'\\''")}'; done
printf '\\n' >> '${log.replaceAll("'", "'\\''")}'
code=$(head -n 1 '${left.replaceAll("'", "'\\''")}'); rest=$(tail -n +2 '${left.replaceAll("'", "'\\''")}')
printf '%s\\n' "$rest" > '${left.replaceAll("'", "'\\''")}'; exit "$code"\n`,
  );
  chmodSync(command, 0o755);
  const calls = (): string[][] =>
    (existsSync(log) ? readFileSync(log, "utf8").split("\0\n") : [])
      .filter((one) => one !== "")
      .map((one) => one.split("\0"));
  return { command, calls };
}

describe("the script for cron and AutoSys", () => {
  it.each([
    [[0], 0, 1],
    [[10], 0, 1],
    [[20], 20, 1],
    [[50], 50, 1],
    [[30, 0], 0, 2],
    [[40, 30, 10], 0, 3],
    [[30, 30, 40, 0], 40, 3],
    [[30, 20, 0], 20, 2],
  ])("after %j ends with %i, having started the job %i times", (codes, exitCode, starts) => {
    const fake = fakeDatapy(codes);
    const script = fileOf("cron", ".sh", { command: fake.command, retryDelayMs: 0, environmentName: "prod" });
    expect(spawnSync("sh", [script]).status).toBe(exitCode);
    expect(fake.calls()).toEqual(
      Array.from({ length: starts }, () => [folder, "run-job", `${ODD}.yaml`, "--env", "prod"]),
    );
  });

  it("keeps the job's own code for AutoSys, which knows that 10 is success", () => {
    const fake = fakeDatapy([10]);
    expect(spawnSync("sh", [fileOf("autosys", ".sh", { command: fake.command })]).status).toBe(10);
    expect(readFileSync(fileOf("autosys", ".jil"), "utf8")).toContain("success_codes: 0,10");
  });

  it("hands a stop on to the job at any moment, also before that runs, and ends with the job's code", async () => {
    const command = path.join(folder, "slow");
    writeFileSync(command, "#!/bin/sh\ntrap 'exit 50' TERM\necho $$ > pid$NUMBER\nwhile :; do sleep 0.05; done\n");
    chmodSync(command, 0o755);
    const script = fileOf("cron", ".sh", { command });
    // Tells when its own first line has run.
    writeFileSync(script, readFileSync(script, "utf8").replace("trap stop TERM INT HUP", "$&\necho started"));
    // The script's first moments are walked through.
    const stopAfter = async (delay: number): Promise<unknown> => {
      const child = spawn("sh", [script], { env: { ...process.env, NUMBER: String(delay) } });
      const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await pause(delay);
      child.kill("SIGTERM");
      return ended;
    };
    const delays = [0, 1, 2, 3, 4, 5, 7, 10, 20, 2500];
    expect(await Promise.all(delays.map(stopAfter))).toEqual(delays.map(() => 50));
    for (const delay of delays) {
      const pid = path.join(folder, `pid${String(delay)}`);
      if (existsSync(pid)) expect(() => process.kill(Number(readFileSync(pid, "utf8")), 0)).toThrow("ESRCH");
    }
  });

  it("starts no new try after a stop in the pause between two, and ends with the code of the last", async () => {
    const fake = fakeDatapy([30, 0]);
    const script = fileOf("cron", ".sh", { command: fake.command, retryDelayMs: 600_000 });
    const child = spawn("sh", [script]);
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    while (fake.calls().length === 0) await pause(10);
    await pause(200);
    child.kill("SIGTERM");
    expect(await ended).toBe(30);
    expect(fake.calls()).toHaveLength(1);
  });

  it("quotes any word for a shell", () => {
    const words = fc.sample(fc.string({ unit: "binary", maxLength: 20 }), 200).map((word) => word.replaceAll("\0", ""));
    const script = words.map((word) => `printf '%s\\0' ${shellWord(word)}\n`).join("");
    const { stdout } = spawnSync("sh", [], { input: script, encoding: "utf8" });
    expect(stdout.split("\0").slice(0, -1)).toEqual(words);
  });
});

test("a crontab escapes percent signs, and says its time zone", () => {
  const lines = readFileSync(fileOf("cron", ".cron"), "utf8").trim().split("\n");
  expect(lines[1]).toBe("CRON_TZ=Europe/Berlin");
  expect(lines[2]).toMatch(/^15 2 \* \* mon-fri '/);
  expect(lines[2]).not.toMatch(/[^\\]%/);
  // What cron hands to the shell names the script.
  const command = (lines[2] ?? "").split(" ").slice(5).join(" ").replaceAll("\\%", "%");
  expect(spawnSync("sh", ["-c", `printf %s ${command}`], { encoding: "utf8" }).stdout).toMatch(
    new RegExp(`^${folder.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}/[A-Za-z0-9_-]+\\.sh$`),
  );
});

test("a JIL definition escapes colons and knows the exit codes", () => {
  const text = readFileSync(fileOf("autosys", ".jil", { folder: "/srv/a:b" }), "utf8");
  expect(text).toMatch(/^insert_job: [A-Za-z0-9_-]+ {3}job_type: CMD$/m);
  expect(text).toMatch(/^command: \/srv\/a\\:b\//m);
  for (const line of ["days_of_week: mo,tu,we,th,fr", 'start_times: "02:15"', "timezone: Europe/Berlin", "n_retrys: 0"])
    expect(text).toContain(`${line}\n`);
  const monthly = exportJob({ file: write('schedule: "0 3 1 * *"'), cwd: folder, to: "autosys" });
  expect(monthly.warnings.join()).toContain("run_calendar");
});

test("a workflow is YAML whose texts GitHub takes for no expressions", () => {
  const fake = fakeDatapy([30, 10]);
  const file = fileOf("github-actions", ".yml", { command: fake.command, retryDelayMs: 0 });
  const workflow = load(readFileSync(file, "utf8")) as {
    name: string;
    on: { schedule: { cron: string }[] };
    jobs: Record<string, { "timeout-minutes": number; steps: { run?: string }[] }>;
  };
  // As GitHub evaluates it.
  const evaluated = (text: string): string => text.replaceAll("${{ '${{' }}", "${{");
  expect(evaluated(workflow.name)).toBe(ODD);
  expect(JSON.stringify(workflow).replaceAll("${{ '${{' }}", "")).not.toContain("${{");
  expect(workflow.on.schedule).toEqual([{ cron: "15 2 * * mon-fri" }]);
  const [job] = Object.values(workflow.jobs);
  const script = evaluated(job?.steps.at(-1)?.run ?? "");
  expect(spawnSync("sh", ["-c", script], { cwd: folder }).status).toBe(0);
  expect(fake.calls()).toHaveLength(2);
  expect(exported("github-actions").warnings.join()).toContain("UTC");
});

if (have("python3"))
  test("a DAG is Python that means what was said", () => {
    const file = fileOf("airflow", ".py", { environmentName: ODD });
    const check = `
import ast, json, sys
tree = ast.parse(open(sys.argv[1], encoding="ascii").read())
found = {}
for node in ast.walk(tree):
    if isinstance(node, ast.Assign) and node.targets[0].id in ("COMMAND", "FOLDER", "SUCCESS", "FINAL"):
        found[node.targets[0].id] = ast.literal_eval(node.value)
    if isinstance(node, ast.keyword) and node.arg in ("dag_id", "description", "schedule", "tz"):
        found[node.arg] = ast.literal_eval(node.value)
print(json.dumps(found))`;
    const { stdout, stderr } = spawnSync("python3", ["-c", check, file], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      COMMAND: ["datapy", "run-job", `${ODD}.yaml`, "--env", ODD],
      FOLDER: folder,
      SUCCESS: [0, 10],
      FINAL: [20, 50],
      dag_id: expect.stringMatching(/^[A-Za-z0-9_-]+$/) as string,
      description: ODD,
      schedule: "15 2 * * mon-fri",
      tz: "Europe/Berlin",
    });
    const texts = ["\u0000\u001f\u007f\u0085\u2028", "\r\n\t", "😀\ud83d", '"""', "\\N{DASH}", "\\"];
    const literals = `[${texts.map((text) => pythonText(text)).join(",")}]`;
    const read = spawnSync("python3", ["-c", "import ast,sys;print(ascii(ast.literal_eval(sys.argv[1])))", literals], {
      encoding: "utf8",
    });
    expect(read.stderr).toBe("");
    expect(read.stdout).toContain("\\U0001f600\\ud83d");
  });

if (have("systemd-analyze"))
  test("a service and a timer are what systemd takes", () => {
    for (const { name, text } of exported("systemd").files) writeFileSync(path.join(path.dirname(folder), name), text);
    const service = exported("systemd").files.find(({ name }) => name.endsWith(".service"));
    expect(service?.text).toMatch(/SuccessExitStatus=10\nRestart=on-failure|SuccessExitStatus=10/);
    expect(service?.text).toContain("RestartPreventExitStatus=20 50");
    const verify = spawnSync(
      "systemd-analyze",
      ["verify", "--man=no", path.join(path.dirname(folder), service?.name ?? "")],
      {
        encoding: "utf8",
      },
    );
    expect(verify.stderr.split("\n").filter((line) => line.includes(service?.name ?? ""))).toEqual([]);
    for (const cron of ["*/15 8-18 * * mon-fri", "0 0 1,15 * *", "5 4 * 2 fri-sun", "@weekly", "0 6 1 1 1"]) {
      const events = calendar(parseCron(cron));
      const { status, stderr } = spawnSync(
        "systemd-analyze",
        ["calendar", ...events.map((one) => `${one} Europe/Berlin`)],
        {
          encoding: "utf8",
        },
      );
      expect({ cron, status, stderr }).toEqual({ cron, status: 0, stderr: "" });
    }
  });

test("systemd's quoting", () => {
  expect(systemdWord(`a b"c\\d$e%f\n`)).toBe(`"a b\\"c\\\\d$$e%%f\\n"`);
  expect(calendar(parseCron("0 6 13 * fri"))).toEqual(["*-*-13 06:00:00", "Fri *-*-* 06:00:00"]);
});

describe("cron expressions", () => {
  it.each([
    ["*/20 * * * *", { minutes: [0, 20, 40], hours: undefined }],
    ["5/25 0 * * *", { minutes: [5, 30, 55], hours: [0] }],
    ["0 1-5/2,23 * JAN,12 7", { hours: [1, 3, 5, 23], months: [1, 12], daysOfWeek: [0] }],
    ["0 0 * * fri-sun", { daysOfWeek: [0, 5, 6] }],
    ["@daily", { minutes: [0], hours: [0], text: "0 0 * * *" }],
  ])("%s", (text, expected) => {
    expect(parseCron(text)).toMatchObject(expected);
  });

  it.each([
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "5-1 * * * *",
    "*/0 * * * *",
    "a * * * *",
    "@sometimes",
  ])("refuses %j", (text) => {
    expect(() => parseCron(text)).toThrow(
      expect.objectContaining({ code: "DATAPY_SCHEDULE_INVALID", exitCode: 20 }) as Error,
    );
  });
});

it("refuses what is no job, and says so of a job without a schedule", () => {
  writeFileSync(path.join(folder, "params.yaml"), "input_path: x.csv\n");
  const code = (request: Partial<ExportRequest>): string => {
    try {
      exportJob({ file: "params.yaml", cwd: folder, to: "cron", ...request });
      return "";
    } catch (error) {
      return (
        (error as { code?: string; faults?: { code: string }[] }).faults?.[0]?.code ?? (error as { code: string }).code
      );
    }
  };
  expect(code({})).toBe("DATAPY_EXPORT_NO_JOB");
  expect(code({ file: "none.yaml" })).toMatch(/^DATAPY_FILE_/);
  expect(code({ file: write("schedule: { cron: '0 2 * * *', timezone: Middle/Earth }") })).toBe(
    "DATAPY_SCHEDULE_INVALID",
  );
  expect(code({ file: write(), folder: "/a\nb" })).toBe("DATAPY_EXPORT_NAME");
  for (const to of ["cron", "airflow", "systemd", "autosys", "github-actions"] as const)
    expect(exportJob({ file: write(""), cwd: folder, to }).warnings.join()).toContain("no `schedule`");
});
