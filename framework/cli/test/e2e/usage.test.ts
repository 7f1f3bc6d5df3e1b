import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
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
    hint: "`datapy run-mod --help`",
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
