import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";
import { DATAPY, FIXTURE_MODS, Workspace } from "../support/workspace.js";
import type { Outcome } from "../support/workspace.js";

const mod = (name: string): string => path.join(FIXTURE_MODS, name);
/** Keys of the specification's two responses, and no others. */
const SUCCESS_KEYS = ["artifacts", "errors", "execution_time", "globals", "logs", "metrics", "status", "warnings"];
const ERROR_KEYS = ["errors", "execution_time", "exit_code", "globals", "logs", "status"];

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
});
afterEach(() => workspace.remove());

/** The one envelope on stdout: on one line, with the right keys, in agreement with the exit code. */
function envelopeOf(outcome: Outcome, name?: string): Envelope {
  expect(outcome.signal).toBeNull();
  expect(outcome.stdout.endsWith("\n")).toBe(true);
  expect(outcome.stdout.trimEnd()).not.toContain("\n");
  const envelope = JSON.parse(outcome.stdout) as Envelope;
  expect(Object.keys(envelope).sort()).toEqual(envelope.status === "error" ? ERROR_KEYS : SUCCESS_KEYS);
  expect({ status: envelope.status, code: "exit_code" in envelope ? envelope.exit_code : undefined }).toEqual({
    status: outcome.code === 0 ? "success" : outcome.code === 10 ? "warning" : "error",
    code: outcome.code === 0 || outcome.code === 10 ? undefined : outcome.code,
  });
  expect(envelope.logs.session_id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(envelope.logs.run_id).toMatch(name === undefined ? /_[0-9a-f]{8}$/ : new RegExp(`^${name}_[0-9a-f]{8}$`));
  return envelope;
}

interface Ending {
  readonly title: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly name: string;
  /** What `errors` says; for a success, nothing. */
  readonly errors?: RegExp;
}

const ENDINGS: readonly Ending[] = [
  { title: "success", args: [mod("outcome.js")], code: 0, name: "outcome" },
  { title: "success with warnings", args: [mod("outcome.js"), "--set", "outcome=warning"], code: 10, name: "outcome" },
  ...["20", "30", "40", "50"].map((code) => ({
    title: `result.error(${code})`,
    args: [mod("outcome.js"), "--set", `outcome='${code}'`],
    code: Number(code),
    name: "outcome",
    errors: /asked to end with/,
  })),
  {
    title: "a mod that throws",
    args: [mod("outcome.js"), "--set", "outcome=throw"],
    code: 30,
    name: "outcome",
    errors: /^DATAPY_MOD_THREW: .*it broke in the middle/,
  },
  {
    title: "a mod that throws a DatapyError",
    args: [mod("outcome.js"), "--set", "outcome=throw-20"],
    code: 20,
    name: "outcome",
    errors: /^ACME_BAD_INPUT: the input is bad\. Send better input\.$/,
  },
  {
    title: "a mod that returns nothing",
    args: [mod("outcome.js"), "--set", "outcome=nothing"],
    code: 30,
    name: "outcome",
    errors: /^DATAPY_MOD_NO_ENVELOPE: /,
  },
  {
    title: "a mod that returns a malformed envelope",
    args: [mod("outcome.js"), "--set", "outcome=malformed"],
    code: 30,
    name: "outcome",
    errors: /^DATAPY_/,
  },
  {
    title: "a mod that calls process.exit(0)",
    args: [mod("ends-process.js")],
    code: 30,
    name: "ends-process",
    errors: /^DATAPY_MOD_EXITED: ends-process called process\.exit\(0\)/,
  },
  {
    title: "a mod that calls process.exit(3)",
    args: [mod("ends-process.js"), "--set", "how=exit-3"],
    code: 30,
    name: "ends-process",
    errors: /^DATAPY_MOD_EXITED: ends-process called process\.exit\(3\)/,
  },
  {
    title: "a mod that aborts its process",
    args: [mod("ends-process.js"), "--set", "how=abort"],
    code: 30,
    name: "ends-process",
    errors: /^DATAPY_MOD_CRASHED: .*SIGABRT/,
  },
  {
    title: "a process that is killed (out of memory)",
    args: [mod("ends-process.js"), "--set", "how=kill"],
    code: 30,
    name: "ends-process",
    errors: /^DATAPY_MOD_CRASHED: .*SIGKILL/,
  },
  {
    title: "an import that throws",
    args: [mod("throws-on-import.js")],
    code: 20,
    name: "throws-on-import",
    errors: /this module cannot be loaded/,
  },
  {
    title: "a file that is no mod",
    args: [mod("no-brand.js")],
    code: 20,
    name: "no-brand",
    errors: /^DATAPY_BRAND_MISSING: /,
  },
  {
    title: "metadata without a description",
    args: [mod("no-description.js")],
    code: 20,
    name: "no-description",
    errors: /description/,
  },
  {
    title: "an unknown mod",
    args: ["no-such-mod"],
    code: 20,
    name: "no-such-mod",
    errors: /^DATAPY_MOD_UNKNOWN: .*plugins:install @datapy\/mod-no-such-mod/,
  },
  {
    title: "a path that is not there",
    args: ["./no-such-mod.ts"],
    code: 20,
    name: "no-such-mod",
    errors: /^DATAPY_MOD_NOT_FOUND: /,
  },
  {
    title: "a parameter file that is not there",
    args: [mod("needs.js"), "-p", "nowhere.yaml"],
    code: 20,
    name: "needs",
    errors: /^DATAPY_FILE_NOT_FOUND: .*nowhere\.yaml/,
  },
  {
    title: "bad YAML in --set",
    args: [mod("needs.js"), "--set", "columns=[1"],
    code: 20,
    name: "needs",
    errors: /^DATAPY_/,
  },
  {
    title: "--set without a value",
    args: [mod("needs.js"), "--set", "delimiter"],
    code: 20,
    name: "needs",
    errors: /^DATAPY_SET_INVALID: /,
  },
  {
    title: "an unknown environment",
    args: [mod("needs.js"), "--env", "prod"],
    code: 20,
    name: "needs",
    errors: /^DATAPY_ENVIRONMENT_UNKNOWN: /,
  },
  {
    title: "an unknown log level",
    args: [mod("outcome.js"), "--log-level", "chatty"],
    code: 20,
    name: "outcome",
    errors: /^DATAPY_LOG_LEVEL_UNKNOWN: /,
  },
];

describe("every way of ending", () => {
  const forms = ENDINGS.flatMap(
    (ending) =>
      [
        [ending.title, ending],
        [`${ending.title}, with --json`, { ...ending, args: [...ending.args, "--json"] }],
      ] as const,
  );

  test.each(forms)("%s", async (_, { args, code, name, errors }) => {
    const outcome = await workspace.run(["run-mod", ...args]);
    expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code, stdout: expect.any(String) as string });
    const envelope = envelopeOf(outcome, name);
    if (errors === undefined) expect(envelope.errors).toEqual([]);
    else {
      expect(envelope.errors.join("\n")).toMatch(errors);
      // People read the same on stderr.
      for (const error of envelope.errors) expect(outcome.stderr).toContain(`error ${error}`);
    }
  });
});

describe("parameters", () => {
  test("every fault is reported at once, with its place and what was meant", async () => {
    const file = workspace.write("params.yaml", "input_path: a.csv\ndelimter: ';'\nbatch_size: many\ntimeout: soon\n");
    const outcome = await workspace.run(["run-mod", mod("needs.js"), "-p", "params.yaml"]);
    expect(outcome.code).toBe(20);
    const { errors } = envelopeOf(outcome, "needs");
    expect(errors).toHaveLength(3);
    const all = errors.join("\n");
    expect(all).toContain(`${file}:2:`);
    expect(all).toContain("delimiter");
    expect(all).toContain(`${file}:3:`);
    expect(all).toContain("batch_size");
    expect(all).toContain(`${file}:4:`);
  });

  test("YAML that cannot be read names file and line", async () => {
    workspace.write("params.yaml", "input_path: a.csv\n  delimiter: ';'\n");
    const outcome = await workspace.run(["run-mod", mod("needs.js"), "-p", "params.yaml"]);
    expect(outcome.code).toBe(20);
    expect(envelopeOf(outcome, "needs").errors.join()).toMatch(/^DATAPY_YAML_SYNTAX: .*params\.yaml:2:/s);
  });

  test("come from a file, and --set goes over it with YAML scalars", async () => {
    workspace.write("params.yaml", "input_path: a.csv\nbatch_size: 5\n");
    const outcome = await workspace.run([
      "run-mod",
      mod("needs.js"),
      "-p",
      "params.yaml",
      "--set",
      "batch_size=7",
      "--set",
      'delimiter="|"',
    ]);
    expect(outcome.code).toBe(0);
    const { params } = envelopeOf(outcome, "needs").globals as { params: Record<string, unknown> };
    expect(params).toMatchObject({
      input_path: path.join(workspace.folder, "a.csv"),
      batch_size: 7,
      delimiter: "|",
      timeout: 30_000,
    });
  });

  test("come through standard input with -p -", async () => {
    const outcome = await workspace.run(["run-mod", mod("needs.js"), "-p", "-"], { stdin: "input_path: b.csv\n" });
    expect(outcome.code).toBe(0);
    expect((envelopeOf(outcome).globals["params"] as Record<string, unknown>)["input_path"]).toBe(
      path.join(workspace.folder, "b.csv"),
    );

    const bad = await workspace.run(["run-mod", mod("needs.js"), "-p", "-"], {
      stdin: "input_path: b.csv\nbatch_size: none\n",
    });
    expect(bad.code).toBe(20);
    expect(envelopeOf(bad).errors.join()).toContain("<stdin>:2:");
  });

  test("come from a file on standard input, or from none at all", () => {
    workspace.write("params.yaml", "\ufeffinput_path: c.csv\n");
    const withStdin = (stdin: number | "ignore") => {
      const { status, stdout } = spawnSync(process.execPath, [DATAPY, "run-mod", mod("needs.js"), "-p", "-"], {
        cwd: workspace.folder,
        env: workspace.environment(),
        stdio: [stdin, "pipe", "pipe"],
        encoding: "utf8",
      });
      const { globals, errors } = JSON.parse(stdout) as Envelope;
      return { status, errors, path: (globals["params"] as { input_path?: string } | undefined)?.input_path };
    };
    const fromFile = (name: string) => {
      const file = openSync(path.join(workspace.folder, name), "r");
      try {
        return withStdin(file);
      } finally {
        closeSync(file);
      }
    };
    expect(fromFile("params.yaml")).toEqual({ status: 0, errors: [], path: path.join(workspace.folder, "c.csv") });
    expect(withStdin("ignore")).toMatchObject({
      status: 20,
      errors: [expect.stringMatching(/^DATAPY_PARAMETER_MISSING: needs needs input_path/)],
    });
    writeFileSync(path.join(workspace.folder, "latin1.yaml"), Buffer.from("input_path: caf\u00e9.csv\n", "latin1"));
    expect(fromFile("latin1.yaml")).toMatchObject({
      status: 20,
      errors: [expect.stringMatching(/^DATAPY_FILE_UNREADABLE: standard input cannot be read: it is not UTF-8 text/)],
    });
  });

  test("a secret is shown nowhere", async () => {
    const outcome = await workspace.run([
      "run-mod",
      mod("needs.js"),
      "--set",
      "password=hunter2-canary",
      "--set",
      "hunter2-canary=1",
    ]);
    expect(outcome.code).toBe(20);
    const envelope = envelopeOf(outcome);
    const log = existsSync(envelope.logs.log_file) ? readFileSync(envelope.logs.log_file, "utf8") : "";
    expect(log).not.toContain("hunter2-canary");
    expect(outcome.stdout + outcome.stderr).not.toContain("hunter2-canary");
  });
});

describe("mods by path", () => {
  test("TypeScript without a build step, in a folder without node_modules", async () => {
    const source = readFileSync(mod("typed.ts"), "utf8");
    workspace.write("mods/typed.ts", source);
    workspace.write("mods/typed-greeting.ts", readFileSync(mod("typed-greeting.ts"), "utf8"));
    const outcome = await workspace.run(["run-mod", "./mods/typed.ts", "--set", "tone=loud", "--set", "who=you"]);
    expect(outcome).toMatchObject({ code: 0 });
    expect(envelopeOf(outcome, "typed").globals["greeting"]).toBe("HELLO, YOU");
  });

  test("the stack of a TypeScript mod points at its lines", async () => {
    const outcome = await workspace.run(["run-mod", mod("typed.ts"), "--set", "fail=true"]);
    expect(outcome.code).toBe(30);
    const envelope = envelopeOf(outcome, "typed");
    expect(readFileSync(envelope.logs.log_file, "utf8")).toMatch(/typed\.ts:16:/);
  });

  test("people see the stack of a failure on lines of its own, and none for wrong input", async () => {
    const pretty = async (...args: string[]) =>
      (await workspace.run(["run-mod", mod("typed.ts"), ...args, "--log-format", "pretty"])).stderr;
    expect(await pretty("--set", "fail=true")).toMatch(/\n {4}Error: .*\n {8}at .*typed\.ts:16:/);
    for (const wrong of [
      ["-p", "nowhere.yaml"],
      ["--set", "tone=shrill"],
    ])
      expect(await pretty(...wrong)).not.toMatch(/stack|^ +at /m);
  });

  test("an ES module with top-level await", async () => {
    expect(envelopeOf(await workspace.run(["run-mod", mod("modern.mjs")]), "modern").status).toBe("success");
  });

  test("a packaged mod in all its spellings", async () => {
    workspace.addPackages([
      {
        name: "@datapy/mod-by-name",
        packageJson: {
          oclif: {},
          datapy: {
            contract: 1,
            mods: [{ name: "by-name", category: "source", entry: "./index.js", description: "Named" }],
          },
        },
        files: {
          "index.js": `const { Type, defineMod } = require("@datapy/mod-kit");
module.exports = defineMod({ metadata: { name: "by-name", version: "1.0.0", description: "Named" }, params: Type.Object({}), run: (_, ctx) => ctx.result.success() });`,
        },
      },
    ]);
    for (const reference of ["by-name", "by_name", "@datapy/mod-by-name", "datapy.mods.sources.by_name"]) {
      expect([reference, envelopeOf(await workspace.run(["run-mod", reference]), "by-name").status]).toEqual([
        reference,
        "success",
      ]);
    }
  });
});

describe("standard output", () => {
  test("carries the envelope alone, whatever the mod prints and however", async () => {
    const outcome = await workspace.run(["run-mod", mod("prints.js")]);
    expect(outcome.code).toBe(0);
    envelopeOf(outcome, "prints");
    for (const text of ["while importing", "by console.log", "by write", "by descriptor", "by a child"])
      expect(outcome.stderr).toContain(`printed ${text}`);
  });

  test.each([
    ["success", 0],
    ["warning", 10],
    ["20", 20],
    ["30", 30],
    ["40", 40],
    ["50", 50],
  ])("takes 5 MB through a slow pipe whole: %s", async (ending, code) => {
    const running = workspace.start([
      "run-mod",
      mod("outcome.js"),
      "--set",
      `outcome='${ending}'`,
      "--set",
      "megabytes=5",
    ]);
    const { stdout } = running.process;
    // Reads a piece, waits, and reads on: the pipe is full nearly all the time.
    const timer = setInterval(() => (stdout.isPaused() ? stdout.resume() : stdout.pause()), 5);
    const outcome = await running.ended.finally(() => clearInterval(timer));
    expect(outcome.code).toBe(code);
    const envelope = envelopeOf(outcome, "outcome");
    // An error envelope has no globals; its error is as long.
    const filler =
      envelope.status === "error"
        ? (envelope.errors[0] ?? "").replace(/^asked to end with \d+/, "")
        : (envelope.globals["filler"] as string);
    expect(Buffer.byteLength(filler)).toBe(5 * 1024 * 1024);
  });

  test("a reader that goes away is no crash", async () => {
    const running = workspace.start(["run-mod", mod("outcome.js"), "--set", "megabytes=5"]);
    running.process.stdout.destroy();
    expect(await running.ended).toMatchObject({ code: 0, signal: null });
  });
});

it("logs which project file and environment a run used", async () => {
  workspace.write("project_defaults.yaml", "environments: {dev: {globals: {region: north}}}\n");
  const { logs } = envelopeOf(await workspace.run(["run-mod", mod("outcome.js"), "--env", "dev"]), "outcome");
  const lines = readFileSync(logs.log_file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly message: string });
  expect(lines.find((line) => line.message === "run started")).toMatchObject({
    project_file: expect.stringMatching(/[\\/]project_defaults\.yaml$/) as string,
    environment: "dev",
  });
});
