import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DATAPY, Workspace } from "../support/workspace.js";

/** A command line that cannot be understood: what stderr names, and the hint that it gives. */
interface Misuse {
  readonly args: readonly string[];
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const MISUSES: readonly Misuse[] = [
  {
    args: ["modz"],
    code: "DATAPY_CLI_UNKNOWN_COMMAND",
    message: "datapy has no command `modz`",
    hint: "Did you mean `datapy mods`",
  },
  {
    args: ["modz", "password=hunter2"],
    code: "DATAPY_CLI_UNKNOWN_COMMAND",
    message: "datapy has no command `modz`",
    hint: "Did you mean `datapy mods`",
  },
  {
    args: ["plugins", "instal", "x"],
    code: "DATAPY_CLI_UNKNOWN_COMMAND",
    message: "`plugins instal`",
    hint: "Did you mean `datapy plugins install`",
  },
  {
    args: ["plugins:instal", "x"],
    code: "DATAPY_CLI_UNKNOWN_COMMAND",
    message: "`plugins instal`",
    hint: "Did you mean `datapy plugins install`",
  },
  {
    args: ["modz", "--help"],
    code: "DATAPY_CLI_UNKNOWN_COMMAND",
    message: "datapy has no command `modz`",
    hint: "Did you mean `datapy mods`",
  },
  {
    args: ["--verbose=hunter2", "mods"],
    code: "DATAPY_CLI_UNKNOWN_FLAG",
    message: "unknown flag --verbose",
    hint: "Flags stand behind a command",
  },
  {
    args: ["mods", "--jsn"],
    code: "DATAPY_CLI_UNKNOWN_FLAG",
    message: "unknown flag --jsn",
    hint: "Did you mean --json?",
  },
  {
    args: ["version", "--tokn=hunter2"],
    code: "DATAPY_CLI_UNKNOWN_FLAG",
    message: "unknown flag --tokn",
    hint: "`datapy version --help`",
  },
  {
    args: ["version", "now"],
    code: "DATAPY_CLI_UNEXPECTED_ARGUMENT",
    message: 'unexpected argument "now"',
    hint: "`datapy version --help`",
  },
  {
    args: ["mods", "info"],
    code: "DATAPY_CLI_MISSING_ARGUMENT",
    message: "missing argument MOD",
    hint: "`datapy mods info --help`",
  },
  {
    args: ["mods", "info", ""],
    code: "DATAPY_CLI_MISSING_ARGUMENT",
    message: "missing argument MOD",
    hint: "`datapy mods info --help`",
  },
  {
    args: ["plugins", "install"],
    code: "DATAPY_CLI_MISSING_ARGUMENT",
    message: "missing argument PLUGIN",
    hint: "`datapy plugins install --help`",
  },
];

const RUN_MISUSES: readonly (Misuse & { readonly runName: string })[] = [
  {
    args: ["run-mod"],
    code: "DATAPY_CLI_MISSING_ARGUMENT",
    message: "missing argument MOD",
    hint: "`datapy run-mod --help`",
    runName: "run-mod",
  },
  {
    args: ["run-mod", "", "-p", "params.yaml"],
    code: "DATAPY_CLI_MISSING_ARGUMENT",
    message: "missing argument MOD",
    hint: "`datapy run-mod --help`",
    runName: "run-mod",
  },
  {
    args: ["run-mood", "x"],
    code: "DATAPY_CLI_UNKNOWN_COMMAND",
    message: "`run-mood`",
    hint: "Did you mean `datapy run-mod`",
    runName: "run-mood",
  },
  {
    args: ["run-mod", "csv-reader", "--parms", "a.yaml"],
    code: "DATAPY_CLI_UNKNOWN_FLAG",
    message: "unknown flag --parms",
    hint: "Did you mean --params?",
    runName: "csv-reader",
  },
  {
    args: ["run-mod", "csv_reader", "extra"],
    code: "DATAPY_CLI_UNEXPECTED_ARGUMENT",
    message: '"extra"',
    hint: "Parameters are given with --set KEY=VALUE, or in a file with -p FILE. `datapy run-mod --help`",
    runName: "csv-reader",
  },
  {
    args: ["run-mod", "x", "--timeout", "soon"],
    code: "DATAPY_CLI_BAD_FLAG",
    message: '--timeout: "soon" is not a length of time',
    hint: "500ms",
    runName: "x",
  },
  {
    args: ["run-mod", "x", "--timeout", "0"],
    code: "DATAPY_CLI_BAD_FLAG",
    message: '--timeout: "0" is not',
    hint: "more than zero",
    runName: "x",
  },
  {
    args: ["run-mod", "x", "--log-format", "xml"],
    code: "DATAPY_CLI_BAD_FLAG",
    message: "json, pretty",
    hint: "--help",
    runName: "x",
  },
  {
    args: ["run-mod", "x", "-p"],
    code: "DATAPY_CLI_BAD_FLAG",
    message: "--params expects a value",
    hint: "--help",
    runName: "x",
  },
  {
    args: ["run-mod", "x", "-p", "a", "-p", "b"],
    code: "DATAPY_CLI_BAD_FLAG",
    message: "--params can only be specified once",
    hint: "--help",
    runName: "x",
  },
  {
    args: ["run-mod", "x", "--set", "password=my", "hunter2"],
    code: "DATAPY_CLI_UNEXPECTED_ARGUMENT",
    message: "behind password=…",
    hint: "Quote a value",
    runName: "x",
  },
];

describe("a command line that cannot be understood", () => {
  const workspace = new Workspace();
  afterAll(() => workspace.remove());

  test.each(MISUSES.map((one) => [one.args.join(" "), one] as const))(
    "datapy %s",
    async (_, { args, code, message, hint }) => {
      const plain = await workspace.run(args);
      expect(plain).toMatchObject({ code: 20, signal: null, stdout: "" });
      expect(plain.stderr).toContain(`error ${code}: `);
      expect(plain.stderr).toContain(message);
      expect(plain.stderr).toContain(hint);
      expect(plain.stderr).not.toContain("hunter2");

      const json = await workspace.run([...args, "--json"]);
      expect(json).toMatchObject({ code: 20, signal: null });
      const { error } = JSON.parse(json.stdout) as { error: Record<string, unknown> };
      expect(error).toEqual({
        code,
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining(hint) as string,
        exit_code: 20,
      });
      expect(json.stdout).not.toContain("hunter2");
    },
  );

  test.each(RUN_MISUSES.map((one) => [one.args.join(" "), one] as const))(
    "datapy %s",
    async (_, { args, code, message, hint, runName }) => {
      for (const form of [args, [...args, "--json"]]) {
        // A flag that wants a value would else take the next one for it.
        if (args.at(-1) === "-p" && form !== args) continue;
        const outcome = await workspace.run(form);
        expect(outcome).toMatchObject({ code: 20, signal: null });
        expect(outcome.stderr).toContain(`error ${code}: `);
        expect(outcome.stderr).toContain(hint);
        expect(outcome.stdout.trimEnd().split("\n")).toHaveLength(1);
        const envelope = JSON.parse(outcome.stdout) as { errors: string[]; logs: { run_id: string } };
        expect(envelope).toEqual({
          status: "error",
          execution_time: expect.any(Number) as number,
          errors: [expect.stringMatching(new RegExp(`^${code}: `)) as string],
          exit_code: 20,
          globals: {},
          logs: {
            log_file: "",
            session_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
            run_id: expect.any(String) as string,
          },
        });
        expect(envelope.errors[0]).toContain(message);
        expect(envelope.logs.run_id).toMatch(new RegExp(`^${runName}_[0-9a-f]{8}$`));
        expect(outcome.stdout + outcome.stderr).not.toContain("hunter2");
      }
    },
  );
});

test("a working directory that is gone is told in the same words on stderr and in the envelope", () => {
  const workspace = new Workspace();
  try {
    const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$1" run-mod x';
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, DATAPY], {
      cwd: workspace.folder,
      env: workspace.environment(),
      encoding: "utf8",
    });
    const told = "DATAPY_SYSTEM: the operating system refused: the working directory is gone";
    expect(status).toBe(30);
    expect(stderr).toContain(`error ${told}`);
    expect(JSON.parse(stdout)).toMatchObject({ exit_code: 30, errors: [`${told}. Change to a folder that is there.`] });
  } finally {
    workspace.remove();
  }
});

describe("a file of the wrong kind", () => {
  const workspace = new Workspace();
  afterAll(() => workspace.remove());
  workspace.write("night.yaml", "steps:\n  - { id: a, mod: x }\n");
  workspace.write("flow.ts", 'import { runMod } from "@datapy/sdk";\n\nawait runMod("x", { a: 1 });\n');
  workspace.write("rows.csv", "a,b\n1,2\n");
  workspace.write("folder/rows.csv", "a,b\n1,2\n");
  writeFileSync(
    path.join(workspace.folder, "windows.yaml"),
    Buffer.from("steps:\n  - id: a\n    mod: caf\u00e9\n", "latin1"),
  );

  test.each([
    [
      "run-mod night.yaml",
      /^DATAPY_MOD_UNKNOWN: .*`datapy run-job night\.yaml`.*`datapy run-mod MOD -p night\.yaml`\.$/,
    ],
    ["run-mod ./night.yaml", /^DATAPY_MOD_FILE_KIND: .*`datapy run-job /],
    ["run-script night.yaml", /^DATAPY_SCRIPT_KIND: .*`datapy run-job night\.yaml`\.$/],
    ["run-script rows.csv", /^DATAPY_SCRIPT_KIND: .*Scripts end in \.ts/],
    ["run-script folder", /^DATAPY_SCRIPT_KIND: .*It is a folder; name a file in it\.$/],
    ["run-script none.ts", /^DATAPY_SCRIPT_NOT_FOUND: /],
    ["run-job flow.ts", /^DATAPY_FILE_UNREADABLE: .*it is a script.*`datapy run-script .*flow\.ts`\.$/],
    ["run-mod csv-reader -p flow.ts", /^DATAPY_FILE_UNREADABLE: .*it is a script/],
    ["run-job folder", /^DATAPY_FILE_UNREADABLE: .*it is a directory/],
    ["run-job windows.yaml", /^DATAPY_FILE_UNREADABLE: .*it is not UTF-8 text \(.*windows\.yaml:3:13\)/],
  ])("datapy %s", async (command, error) => {
    const { code, stdout } = await workspace.run(command.split(" "));
    expect(code).toBe(20);
    expect(JSON.parse(stdout)).toMatchObject({ exit_code: 20, errors: [expect.stringMatching(error) as string] });
  });
});

describe("a work path that cannot hold what a run makes", () => {
  const workspace = new Workspace();
  afterAll(() => workspace.remove());
  workspace.write(
    "writes.mjs",
    `import { Type, defineMod, sql } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "writes", version: "1.0.0", description: "Writes a table" },
  params: Type.Object({}),
  artifacts: { output_data: { kind: "table", description: "rows" } },
  async run(_, ctx) {
    await ctx.data.writeTable("output_data", sql\`select md5(range::varchar) as m from range(50000)\`);
    return ctx.result.success();
  },
});
`,
  );

  test("no file may be so large: says so, and leaves nothing", () => {
    const { status, stdout } = spawnSync(
      "sh",
      ["-c", 'ulimit -f 128; exec "$0" "$1" run-mod ./writes.mjs', process.execPath, DATAPY],
      { cwd: workspace.folder, env: workspace.environment(), encoding: "utf8" },
    );
    expect(status).toBe(30);
    expect(JSON.parse(stdout)).toMatchObject({
      errors: [
        expect.stringMatching(/^DATAPY_FILE_FAILED: .*output_data\.parquet .*larger than .*`ulimit -f`/) as string,
      ],
    });
    expect(readdirSync(path.join(workspace.folder, ".datapy/tmp"))).toEqual([]);
  });

  test("its folder can be made by nobody: ends at once, and says so", async () => {
    const nowhere = process.platform === "linux" ? "/proc/none/here" : path.join(workspace.folder, "writes.mjs/here");
    const outcome = await workspace.run(["run-mod", "./writes.mjs", "--set", `globals.work_path=${nowhere}`]);
    expect(outcome.code).toBe(30);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      errors: [expect.stringMatching(/^DATAPY_FILE_FAILED: .*globals\.work_path/) as string],
    });
  });

  test("its folder for logs can be made by nobody: lines go to stderr only", async () => {
    const nowhere = process.platform === "linux" ? "/proc/none/here" : path.join(workspace.folder, "writes.mjs/here");
    const outcome = await workspace.run(["run-mod", "./writes.mjs", "--set", `globals.log_path=${nowhere}`]);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain("no log file can be made");
  });
});

describe("help and version", () => {
  const workspace = new Workspace();
  afterAll(() => workspace.remove());

  test.each([[[]], [["help"]], [["--help"]], [["-h"]]])("datapy %j lists the commands", async (args) => {
    const outcome = await workspace.run(args);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    for (const command of ["run-mod", "mods", "plugins", "version"])
      expect(outcome.stdout).toMatch(new RegExp(`^  ${command} `, "m"));
  });

  test.each([[["help", "run-mod"]], [["run-mod", "--help"]], [["run-mod", "x", "-h"]]])(
    "datapy %j explains the command",
    async (args) => {
      const outcome = await workspace.run(args);
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      expect(outcome.stdout).toContain("Run one mod and print its result envelope.");
      expect(outcome.stdout).toContain("$ datapy run-mod csv-reader -p params.yaml");
    },
  );

  test.each([[["--version"]], [["-V"]], [["version"]]])("datapy %j prints the version", async (args) => {
    const outcome = await workspace.run(args);
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.stdout).toMatch(/^@datapy\/cli\/\d+\.\d+\.\d+ \S+ node-v\d+\.\d+\.\d+\n$/);
  });

  test.each(["plugins install", "plugins:install", "mods:info", "mods info"])(
    "both spellings of a command work: %s",
    async (command) => {
      const outcome = await workspace.run([...command.split(" "), "--help"]);
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      expect(outcome.stdout).toContain(`$ datapy ${command.replace(":", " ")}`);
    },
  );

  test("every command has a summary, a description and examples that name it", () => {
    const { commands } = JSON.parse(readFileSync(path.resolve(__dirname, "../../oclif.manifest.json"), "utf8")) as {
      commands: Record<
        string,
        { id: string; summary?: string; description?: string; examples?: { command: string }[]; hidden?: boolean }
      >;
    };
    for (const { id, summary, description, examples = [] } of Object.values(commands)) {
      expect([id, typeof summary, typeof description]).toEqual([id, "string", "string"]);
      expect([id, examples.length > 0]).toEqual([id, true]);
      for (const example of examples) expect(example.command).toContain("<%= config.bin %>");
    }
  });
});
