// What people read when something is wrong: which code, what, where, why, and what to do, on one screen.
import path from "node:path";
import type { ArtifactEntry } from "@datapy/sdk/artifacts";
import { ERROR_TABLE } from "@datapy/sdk/errors";
import { Workspace } from "../support/workspace.js";
import type { Invocation } from "../support/workspace.js";

let workspace: Workspace;
beforeAll(() => {
  workspace = new Workspace();
  workspace.addPackages([]);
  workspace.write("project_defaults.yaml", "project_name: messages\n");
  workspace.write("mods/does.cjs", DOES);
  workspace.write("mods/takes.cjs", TAKES);
});
afterAll(() => workspace.remove());

/** Does with its context what `code` says; `run` stands for the mistakes that authors of mods make. */
const DOES = `
const { Secret, Type, defineMod, literal, sql } = require("@datapy/mod-kit");
module.exports = defineMod({
  metadata: { name: "does", version: "1.0.0", description: "Does as it is told", category: "solo" },
  params: Type.Object({ code: Type.String({ default: "" }), password: Type.Optional(Secret()) }),
  artifacts: { output_data: { kind: "table", description: "Rows", optional: true }, quarantine: { kind: "table", description: "Rows", optional: true } },
  async run({ code }, ctx) {
    await new (Object.getPrototypeOf(async () => {}).constructor)("ctx", "sql", "literal", code)(ctx, sql, literal);
    return ctx.result.success();
  },
});
`;
const TAKES = `
const { Artifact, Type, defineMod } = require("@datapy/mod-kit");
module.exports = defineMod({
  metadata: { name: "takes", version: "1.0.0", description: "Takes a table", category: "transformer" },
  params: Type.Object({ input_artifact: Type.Optional(Artifact()) }),
  async run(params, ctx) { return ctx.result.success(); },
});
`;

/** What a command says on stderr, without the lines of the log, held to what holds for every message. */
async function said(args: readonly string[], invocation?: Invocation): Promise<string> {
  const { code, stderr } = await workspace.run(args, invocation);
  const text = stderr
    .split("\n")
    .filter((line) => !line.startsWith('{"timestamp"'))
    .join("\n");
  const found = /\b(DATAPY_[A-Z_]+)\b/.exec(text)?.[1] as keyof typeof ERROR_TABLE | undefined;
  expect(text).toMatch(/^error /m);
  expect(text).not.toMatch(/^\s+at (?:async )?[\w.<>]+ \(|\bundefined\b|\[object |\{\w+\}|\bE[A-Z]+: |LINE 1:/m);
  expect(text.split("\n").length).toBeLessThanOrEqual(24);
  if (found !== undefined) expect(code).toBe(ERROR_TABLE[found].exitCode);
  return text;
}

const job = (name: string, text: string): string => {
  workspace.write(name, text);
  return name;
};
/** What the mod says that does `code`; in a parameter the characters of a reference are written with two dollars. */
const does = (code: string): Promise<string> =>
  said(["run-mod", "./mods/does.cjs", "--set", `code='${code.replaceAll("${", () => "$${")}'`]);

describe("jobs", () => {
  test("a foreach says which step, what it gives, and the place", async () => {
    const step = (foreach: string): string =>
      `steps:\n  - id: each\n    mod: ./mods/does.cjs\n    foreach: ${foreach}\n`;
    const number = job("number.yaml", `globals: { days: 3 }\n${step('"${globals.days}"')}`);
    const missing = job("rows.yaml", step("{ rows: nowhere.parquet }"));
    const none = job("none.yaml", step('{ glob: "nothing/*.csv" }'));
    const many = job("many.yaml", step(`[${"1,".repeat(100_001)}]`));
    const texts = [
      await said(["run-job", number]),
      await said(["run-job", missing]),
      await said(["run-job", none, "--on-empty", "fail"]),
      await said(["run-job", many]),
    ];
    expect(texts[0]).toMatch(
      /DATAPY_FOREACH_NOT_A_LIST: .*each gives the number 3, not a list \(.*number\.yaml:5:14\)/,
    );
    expect(texts[1]).toMatch(
      /DATAPY_TABLE_UNREADABLE: .*nowhere\.parquet .*there is no such file \(.*rows\.yaml:4:14\)/,
    );
    expect(texts[2]).toMatch(/DATAPY_FOREACH_EMPTY: .*each gives no items \(.*none\.yaml:4:14\).*--on-empty ok/);
    expect(texts[3]).toMatch(/DATAPY_FOREACH_TOO_MANY: .*more than 100000 items \(.*many\.yaml:4:14\)/);
  });

  test("a step whose input was not made names the step before it", async () => {
    const file = job("no-table.yaml", "mods:\n  ./mods/does.cjs: {}\n  ./mods/takes.cjs: {}\n");
    expect(await said(["run-job", file])).toMatch(/DATAPY_STEP_NO_TABLE: .*takes the table output_data of \S*does/);
  });

  test("a job that a step names is looked for beside the file that names it", async () => {
    const file = job("jobs/outer.yaml", "steps:\n  - id: inner\n    job: inner.yaml\n");
    const text = await said(["run-job", file]);
    expect(text).toMatch(/DATAPY_FILE_NOT_FOUND: no such file: .*jobs\/inner\.yaml \(.*outer\.yaml:3:10\)/);
    expect(text).toContain(`the folder of the file that names it, ${path.join(workspace.folder, "jobs")}`);
  });

  test("a condition that names no step lists those that there are", async () => {
    const file = job("when.yaml", "steps:\n  - id: load\n    mod: ./mods/does.cjs\n    when: failed(lead_the_way)\n");
    expect(await said(["run-job", file])).toMatch(
      /DATAPY_STEP_UNKNOWN: .*when\.yaml:4:11\)\. The job has the steps load\./,
    );
  });

  test("a secret that stood in a job in plain cannot be replayed", async () => {
    const file = job(
      "plain.yaml",
      "steps:\n  - id: load\n    mod: ./mods/does.cjs\n    params: { password: correct-horse }\n",
    );
    const { stdout } = await workspace.run(["run-job", file]);
    const { logs } = JSON.parse(stdout) as { logs: { session_id: string } };
    const text = await said(["replay", logs.session_id]);
    expect(text).toMatch(/DATAPY_BUNDLE_SECRET: .*plain\.yaml held a secret in plain/);
    expect(text).not.toContain("correct-horse");
  });
});

describe("mods", () => {
  test("values that no table and no statement can hold name their row, column and type", async () => {
    const write =
      'await ctx.data.writeBatches("output_data", [{ name: "id", type: "INTEGER" }], [{ names: ["id"], columns: [[1, 2]], rows: 2 }, { names: ["id"], columns: [["x"]], rows: 1 }])';
    expect(await does(write)).toMatch(/DATAPY_DATA_BAD_VALUE: row 3 of column id does not fit INTEGER: x\./);
    expect(await does("await ctx.data.query(sql`select ${literal(2n ** 200n)}`)")).toMatch(
      /DATAPY_SQL_VALUE: .*a whole number of more than 128 bits/,
    );
  });

  test("memory that does not suffice names the setting to raise", async () => {
    const text = await does(
      'await ctx.data.execute(sql`set memory_limit = ${literal("1MB")}`); await ctx.data.writeTable("output_data", sql`select count(*) over (order by random()) as n from range(1000000)`)',
    );
    expect(text).toMatch(/DATAPY_DATA_OUT_OF_MEMORY: .*globals\.duckdb_memory_limit/);
  });

  test("a statement that fails is told in one line", async () => {
    const text = await does("await ctx.data.query(sql`select nothing from nowhere`)");
    expect(text).toMatch(
      /DATAPY_DATA_QUERY_FAILED: a statement failed: Catalog Error: Table with name nowhere does not exist!.*\nlog: /,
    );
  });

  test("a guess that is none is refused", async () => {
    workspace.write("mods/guesses.cjs", DOES.replace("async run(", "guess: 3,\n  async run("));
    expect(await said(["run-mod", "./mods/guesses.cjs"])).toMatch(
      /DATAPY_GUESS_INVALID: .*guesses\.cjs is refused: its `guess` is the number 3/,
    );
  });
});

describe("scripts", () => {
  test("what a script throws, returns and gives names the script and the line", async () => {
    workspace.write("throws.mjs", 'const a = 1;\nthrow new Error("out of ideas" + a);\n');
    workspace.write("ends.mjs", "process.exit(7);\n");
    workspace.write("gives.mjs", 'import { runMod } from "@datapy/sdk";\nawait runMod("./mods/does.cjs", 5);\n');
    expect(await said(["run-script", "throws.mjs"])).toMatch(
      /DATAPY_SCRIPT_THREW: throws failed: out of ideas1 \(.*throws\.mjs:2:7\)/,
    );
    workspace.write("torn.ts", "const a: number = 1;\nconst b = (a + ;\n");
    workspace.write("outer.ts", 'import "./torn.js";\n');
    for (const script of ["torn.ts", "outer.ts"]) {
      expect(await said(["run-script", script])).toMatch(
        /DATAPY_SCRIPT_THREW: \w+ failed: the code cannot be parsed: Unexpected token \(.*torn\.ts:2:15\)/,
      );
    }
    expect(await said(["run-mod", "./torn.ts"])).toMatch(
      /DATAPY_IMPORT_FAILED: .*torn\.ts cannot be loaded: the code cannot be parsed: Unexpected token \(.*torn\.ts:2:15\)/,
    );
    expect(await said(["run-script", "ends.mjs"])).toMatch(
      /DATAPY_SCRIPT_FAILED: ends ended with exit code 7 \(.*ends\.mjs\)/,
    );
    expect(await said(["run-script", "gives.mjs"])).toMatch(
      /DATAPY_SCRIPT_ARGUMENT: the parameter object given to runMod is the number 5/,
    );
  });
});

describe("commands", () => {
  test("files that cannot be written say why in words", async () => {
    const file = job("once.yaml", 'schedule: "0 2 * * *"\nsteps:\n  - id: load\n    mod: ./mods/does.cjs\n');
    const text = await said(["export", "--to", "cron", file, "--output", "project_defaults.yaml/below"]);
    expect(text).toMatch(
      /DATAPY_FILE_UNWRITABLE: .*below cannot be written: a part of its path is a file, not a folder/,
    );
    expect(await said(["guess", "x.csv", "--output", "project_defaults.yaml"])).toMatch(
      /DATAPY_OUTPUT_EXISTS: .*--force/s,
    );
  });

  test("a schedule that cannot be read names its place", async () => {
    const file = job(
      "schedule.yaml",
      'schedule: { cron: "0 2 * * *", timezone: Mars/Base }\nsteps:\n  - id: load\n    mod: ./mods/does.cjs\n',
    );
    const text = await said(["export", "--to", "cron", file]);
    expect(text).toMatch(/DATAPY_SCHEDULE_INVALID: .*no time zone "Mars\/Base"\n {2}at .*schedule\.yaml:1:42/);
  });

  test("arguments that are missing are named one by one", async () => {
    expect(await said(["artifacts", "diff"])).toMatch(/missing argument BEFORE\n[^]*missing argument AFTER\n/);
    expect(await said(["plugins", "update", "zz"])).toMatch(
      /DATAPY_CLI_UNEXPECTED_ARGUMENT: .*`datapy plugins update` takes none/,
    );
  });

  test("tests that are not there, and tables of tests that cannot be made", async () => {
    expect(await said(["test", "nowhere"])).toMatch(/DATAPY_TEST_NONE: .*nowhere\n {2}There is no such file or folder/);
    workspace.write(
      "tables/bad.test.yaml",
      "mod: ../mods/takes.cjs\ntests:\n  - name: one\n    input: { rows: [{ id: 1 }], columns: { id: PIGS } }\n    expect: { status: success }\n",
    );
    const { code, stdout } = await workspace.run(["test", "tables"]);
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/DATAPY_TEST_TABLE: the table of .* cannot be made/);
  });

  test("of many faults one screen is shown, and how many more there are", async () => {
    workspace.write("many-faults.yaml", "__proto__: 1\n".repeat(40));
    const text = await said(["run-mod", "./mods/does.cjs", "-p", "many-faults.yaml"]);
    expect(text).toMatch(/… and 30 more errors, in the result and the log/);
  });
});

describe("rows that were set aside", () => {
  let quarantine: ArtifactEntry;
  beforeAll(async () => {
    const tables = ["output_data", "quarantine"].map(
      (key) => `await ctx.data.writeTable("${key}", sql\`select 1 as id\`);`,
    );
    const file = job(
      "aside.yaml",
      `steps:\n  - id: does\n    mod: ./mods/does.cjs\n    params: { code: '${tables.join(" ")}' }\n`,
    );
    await workspace.run(["run-job", file]);
    const { stdout } = await workspace.run(["artifacts", "--key", "quarantine", "--json"]);
    const list = JSON.parse(stdout) as { artifacts?: ArtifactEntry[] } | ArtifactEntry[];
    [quarantine] = (Array.isArray(list) ? list : (list.artifacts ?? [])) as [ArtifactEntry];
  });

  test("another artifact is no quarantine", async () => {
    expect(await said(["quarantine", "show", "does/output_data"])).toMatch(
      /DATAPY_QUARANTINE_NONE: "does\/output_data" is no quarantine/,
    );
  });

  test("corrected rows that are not there, and a mod that takes none back", async () => {
    expect(await said(["quarantine", "replay", quarantine.id, "--rows", "nowhere.csv"])).toMatch(
      /DATAPY_QUARANTINE_ROWS: .*nowhere\.csv cannot be used: there is no such file/,
    );
    expect(await said(["quarantine", "replay", quarantine.id])).toMatch(
      /DATAPY_QUARANTINE_STEP: .*no parameter that takes its rows/,
    );
  });
});
