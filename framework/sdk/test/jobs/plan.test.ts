import { isDatapyError } from "@datapy/mod-kit";
import { planAsMermaid, planJobFile } from "../../src/jobs/index.js";
import type { Plan, Selection } from "../../src/jobs/index.js";
import { planDifferences } from "../../src/jobs/resume/plan-differences.js";
import { installFakeMods } from "../support/fake-mods.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
beforeEach(() => {
  folder = new ProjectFolder();
  installFakeMods(folder);
  folder.write("data/orders.csv", "a\n1\n");
});
afterEach(() => folder.remove());

interface Asked {
  readonly selection?: Selection;
  readonly sets?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onEmpty?: "ok" | "warn" | "fail";
}

function plan(text: string, { selection, sets, env = {}, onEmpty }: Asked = {}): Promise<Plan> {
  folder.write("job.yaml", text);
  return planJobFile({
    cwd: folder.root,
    env,
    file: { path: "job.yaml" },
    ...(selection === undefined ? {} : { selection }),
    ...(sets === undefined ? {} : { sets }),
    ...(onEmpty === undefined ? {} : { onEmpty }),
  });
}

async function faultsOf(text: string, asked?: Asked): Promise<string> {
  const error: unknown = await plan(text, asked).then(
    () => new Error("it was planned"),
    (thrown: unknown) => thrown,
  );
  const faults = (error as { readonly faults?: readonly unknown[] }).faults ?? [error];
  return faults
    .map((one) => (isDatapyError(one) ? `${one.code} ${one.message} ${one.hint ?? ""}` : String(one)))
    .join("\n");
}

const edges = ({ edges: all }: Plan): string[] => all.map(({ from, to, because }) => `${from} → ${to} (${because})`);
const ids = ({ steps }: Plan): string[] => steps.map(({ id }) => id);

const SIMPLE = `globals: {base_path: data}
mods:
  csv_reader: {input_path: orders.csv}
  data_cleaner: {null_strategy: drop}
  database_writer: {table_name: t, connection_string: "\${secret.env.DSN}"}
`;
const read = (id: string, more = ""): string =>
  `- {id: ${id}, mod: csv-reader, params: {input_path: data/orders.csv}${more}}\n`;

describe("the simple form", () => {
  test("runs in file order, each table going into the next mod that takes one", async () => {
    const made = await plan(SIMPLE, { env: { DSN: "postgresql://u:hunter2@h/d" } });
    expect(ids(made)).toEqual(["csv_reader", "data_cleaner", "database_writer"]);
    expect(edges(made)).toEqual(["csv_reader → data_cleaner (order)", "data_cleaner → database_writer (order)"]);
    expect(made.steps.map(({ input }) => input)).toEqual([
      undefined,
      { step: "csv_reader", artifact: "output_data" },
      { step: "data_cleaner", artifact: "output_data" },
    ]);
  });

  test("parameters stand in the plan with where they came from, secrets do not", async () => {
    const made = await plan(SIMPLE, { env: { DSN: "postgresql://u:hunter2@h/d" } });
    const [reader, , writer] = made.steps;
    expect(reader?.parameters).toMatchObject({ input_path: "orders.csv", delimiter: "," });
    expect(reader?.provenance["/input_path"]).toEqual({
      layer: "params",
      file: folder.path("job.yaml"),
      line: 3,
      column: 28,
    });
    expect(writer?.parameters["connection_string"]).toBe("***");
    expect(JSON.stringify(made)).not.toContain("hunter2");
    expect(made).toEqual(JSON.parse(JSON.stringify(made)));
  });

  test("a table that is given, by whatever layer, is not replaced", async () => {
    const made = await plan(SIMPLE, {
      env: { DSN: "sqlite:///here.db" },
      sets: ["mods.data_cleaner.input_artifact=/x.parquet"],
    });
    expect(made.steps[1]).toMatchObject({ parameters: { input_artifact: "/x.parquet" } });
    expect(made.steps[1]?.input).toBeUndefined();
  });

  test("what cannot work is said before anything runs, all at once", async () => {
    expect(await faultsOf("mods:\n  csv_reader: {input_path: 5}\n  data_cleaner: {min_length: x}\n")).toMatch(
      /PARAMETER_INVALID input_path[^]*PARAMETER_INVALID min_length/,
    );
    expect(await faultsOf(SIMPLE)).toMatch(/DATAPY_SECRET_MISSING/);
    expect(await faultsOf("mods: {}\n")).toMatch(/DATAPY_JOB_EMPTY/);
    expect(await faultsOf("input_path: x\n")).toMatch(/DATAPY_JOB_NOT_A_JOB/);
  });
});

describe("the graph form", () => {
  test("needs, references and conditions are edges; clean-up comes after everything", async () => {
    const made = await plan(
      `steps:
${read("b", ", needs: [a]")}${read("a")}- {id: c, mod: data-cleaner, params: {input_artifact: "\${mods.a.artifacts.output_data}"}, when: "succeeded(b)"}
${read("tidy", ", always: true")}`,
    );
    expect(ids(made)).toEqual(["a", "b", "c", "tidy"]);
    expect(edges(made)).toEqual(["a → b (needs)", "a → c (reference)", "b → c (reference)", "c → tidy (always)"]);
    expect(made.steps[2]).toMatchObject({
      reads: ["a"],
      parameters: { input_artifact: "${mods.a.artifacts.output_data}" },
    });
  });

  test("settings have their defaults, and units are read", async () => {
    const made = await plan(
      `max_parallel: 3\ntimeout: 1h\non_overlap: wait\nsteps:\n${read("a")}${read(
        "b",
        ", retries: 2, timeout: 30s, on_error: fail, cache: {max_age: 1d}, memory_limit: 512MB, tags: [nightly]",
      )}${read("c", ", retries: {max: 3, backoff: {initial: 500ms, factor: 3, max: 5s}, on: [retryable]}")}`,
    );
    expect(made.settings).toEqual({ max_parallel: 3, timeout_ms: 3_600_000, on_overlap: "wait" });
    expect(made.steps[0]).toMatchObject({
      retries: { max: 0 },
      timeout_ms: null,
      on_error: "skip_dependents",
      always: false,
      cache: null,
      isolate: false,
      concurrency: 1,
    });
    expect(made.steps[1]).toMatchObject({
      retries: { max: 2, initial_ms: 1_000, factor: 2, max_ms: 60_000, on: [] },
      timeout_ms: 30_000,
      on_error: "fail",
      cache: { max_age_ms: 86_400_000 },
      isolate: true,
      memory_limit_bytes: 512_000_000,
      tags: ["nightly"],
    });
    expect(made.steps[2]?.retries).toEqual({ max: 3, initial_ms: 500, factor: 3, max_ms: 5_000, on: ["retryable"] });
  });

  test.each([
    ["steps:\n- {id: a, mod: csv-reader, params: {input_path: x}, needs: b}\n", "DATAPY_STEP_UNKNOWN"],
    [`steps:\n${read("a", ", needs: b")}${read("b", ", needs: a")}`, "DATAPY_STEP_CYCLE"],
    [`steps:\n${read("a", ", when: 'rows > 1'")}`, "DATAPY_CONDITION_INVALID"],
    [`steps:\n${read("a", ", when: 'failed(nobody)'")}`, "DATAPY_STEP_UNKNOWN"],
    [
      `steps:\n${read("a")}- {id: w, mod: database-writer, cache: true, params: {input_artifact: x, connection_string: "\${env.D:-d}", table_name: t}}\n`,
      "DATAPY_STEP_CACHE_SINK",
    ],
    [`steps:\n${read("a")}- {id: j, job: job.yaml}\n`, "DATAPY_JOB_CYCLE"],
    [`steps:\n${read("a")}- {id: j, job: gone.yaml}\n`, "DATAPY_FILE_NOT_FOUND"],
  ])("refuses %j", async (text, code) => {
    expect(await faultsOf(text)).toContain(code);
  });

  test("a job that a step runs is planned with it", async () => {
    folder.write("jobs/inner.yaml", `globals: {encoding: latin1, base_path: nowhere}\nsteps:\n${read("x")}`);
    const made = await plan(`steps:\n- {id: sub, job: jobs/inner.yaml, params: {encoding: utf-16}}\n`);
    expect(made.steps[0]?.sub_job?.steps[0]?.parameters).toMatchObject({ encoding: "utf-16" });
    expect(planAsMermaid(made)).toContain('subgraph s_sub["sub: inner"]');
  });
});

describe("the hash", () => {
  test("is that of what the plan does: not of comments, order of keys or place", async () => {
    const one = await plan(`steps:\n${read("a")}`);
    const other = await plan(
      "# a comment\nsteps:\n- params: {input_path: data/orders.csv}\n  mod: csv_reader\n  # another\n  id: a\n",
    );
    expect(other.hash).not.toBe("");
    expect(planDifferences(one, other)).toEqual([]);
    expect(other.hash).toBe(one.hash);
  });

  test("another environment, parameter, version or setting gives another, and says what", async () => {
    const text = `globals: {mode: "\${env.MODE:-part}"}\nsteps:\n${read("a", ', when: "${globals.mode} == 1"')}`;
    const one = await plan(text);
    expect(planDifferences(one, await plan(text, { env: { MODE: "full" } }))).toEqual([
      'globals.mode was "part" and is "full"',
    ]);
    expect(planDifferences(one, await plan(text, { sets: ["mods.a.limit=5"] }))).toEqual([
      "step a: limit was not given and is 5",
    ]);
    expect(planDifferences(one, await plan(`${text}${read("b")}`))).toEqual(["step b is new"]);
    expect(planDifferences(one, await plan(`max_parallel: 1\n${text}`))).toEqual(["max_parallel was null and is 1"]);
  });
});

describe("selection", () => {
  const GRAPH = `steps:
${read("orders", ", tags: [nightly, raw]")}${read("people", ", tags: [raw]")}${read("clean_orders", ", needs: orders")}${read("clean_people", ", needs: people")}${read("join", ", needs: [clean_orders, clean_people]")}${read("report", ", needs: join, tags: [nightly]")}`;

  test.each<[Selection, readonly string[]]>([
    [{ step: "join" }, ["join"]],
    [{ select: ["orders"] }, ["orders"]],
    [{ select: ["+join"] }, ["orders", "people", "clean_orders", "clean_people", "join"]],
    [{ select: ["clean-people+"] }, ["clean_people", "join", "report"]],
    [{ select: ["+clean_orders+"] }, ["orders", "clean_orders", "join", "report"]],
    [{ select: ["tag:nightly"] }, ["orders", "report"]],
    [{ select: ["tag:ra*"] }, ["orders", "people"]],
    [{ select: ["clean_*"] }, ["clean_orders", "clean_people"]],
    [{ select: ["people", "report"] }, ["people", "report"]],
    [{ select: ["people,report"] }, ["people", "report"]],
    [{ from: "join" }, ["join", "report"]],
  ])("%j", async (selection, expected) => {
    expect(ids(await plan(GRAPH, { selection }))).toEqual(expected);
  });

  test("steps that are left out still decide on the order", async () => {
    expect(edges(await plan(GRAPH, { selection: { select: ["people", "report"] } }))).toEqual([
      "people → report (order)",
    ]);
  });

  test("what selects nothing is an error, as is a slip", async () => {
    expect(await faultsOf(GRAPH, { selection: { select: ["tag:none"] } })).toContain("DATAPY_SELECTION_EMPTY");
    expect(await faultsOf(GRAPH, { selection: { step: "jion" } })).toMatch(/STEP_NOT_FOUND.*Did you mean join/);
    expect(await faultsOf(GRAPH, { selection: { step: "csv-reader" } })).toContain("DATAPY_STEP_AMBIGUOUS");
  });

  test("a step cannot be run without what it reads", async () => {
    expect(await faultsOf(SIMPLE, { selection: { step: "data-cleaner" } })).toMatch(
      /STEP_INPUT_MISSING data_cleaner needs what csv_reader makes.*--select \+data_cleaner/,
    );
  });

  test("--set without a step means the one step that runs, and is refused where several do", async () => {
    const one = await plan(GRAPH, { selection: { step: "join" }, sets: ["limit=3"] });
    expect(one.steps[0]?.parameters["limit"]).toBe(3);
    expect(await faultsOf(GRAPH, { sets: ["limit=3"] })).toMatch(/SET_INVALID.*mods\.STEP\.limit/);
    expect(await faultsOf(GRAPH, { sets: ["mods.nobody.limit=3"] })).toMatch(/SET_INVALID.*no step nobody/);
  });
});

test("ten thousand steps are planned, in order", async () => {
  const count = 10_000;
  const steps = Array.from(
    { length: count },
    (_, n) =>
      `- {id: s${n}, mod: csv-reader, params: {input_path: data/orders.csv}${n < count - 1 ? `, needs: [s${n + 1}]` : ""}}`,
  );
  const made = await plan(`steps:\n${steps.join("\n")}\n`);
  expect(made.steps[0]?.id).toBe("s9999");
  expect(made.steps.at(-1)?.id).toBe("s0");
});
