import { join } from "node:path";
import { jobOutline } from "../../src/config/job-outline.js";
import { loadConfiguration } from "../../src/config/load-configuration.js";
import type { ConfigurationRequest, ResolveRequest, ResolvedParameters } from "../../src/config/configuration-types.js";
import type { FaultList } from "../../src/faults.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
beforeEach(() => {
  folder = new ProjectFolder();
});
afterEach(() => folder.remove());

const references = { session: { id: "session-1" }, run: { date: "2024-08-12" }, mods: {} };
const schema = {
  type: "object",
  properties: {
    input_path: { type: "string" },
    delimiter: { type: "string", default: "," },
    limit: { type: "integer", default: 10 },
    columns: { type: "object", additionalProperties: { type: "string" } },
    options: {
      type: "object",
      properties: { mode: { type: "string", default: "fast" }, retries: { type: "integer", default: 3 } },
    },
    rules: {
      type: "array",
      items: {
        type: "object",
        properties: { column: { type: "string" }, severity: { type: "string", default: "error" } },
      },
    },
  },
};

async function resolve(
  request: Partial<ConfigurationRequest>,
  more: Partial<ResolveRequest> = {},
): Promise<ResolvedParameters> {
  const configuration = await loadConfiguration({ cwd: folder.root, env: {}, ...request });
  return configuration.resolve({ mod: "csv-reader", schema, references, ...more });
}

async function faultsOf(promise: Promise<unknown>): Promise<string[]> {
  const error = (await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as FaultList;
  return error.faults.map((one) => `${one.code} ${one.message}`);
}

describe("layers", () => {
  test("each overrides the one before it", async () => {
    folder.write(
      "project_defaults.yaml",
      "mod_defaults: {csv_reader: {limit: 1}}\nglobals: {limit: 3}\nenvironments: {dev: {mod_defaults: {csv-reader: {limit: 2}}, globals: {limit: 4}}}",
    );
    const job = folder.write("job.yaml", "globals: {limit: 5}\nmods: {csv_reader: {limit: 6}}");
    const flat = folder.write("params.yaml", "input_path: x");
    const limit = async (request: Partial<ConfigurationRequest>, more?: Partial<ResolveRequest>) => {
      const { values, origins } = await resolve(request, more);
      return [values["limit"], origins.get("/limit")?.layer, origins.get("/limit")?.overrode.length];
    };
    expect(
      await limit({ cwd: "/", file: { path: folder.write("elsewhere/a/b/c/params.yaml", "input_path: x") } }),
    ).toEqual([10, "default", 0]);
    expect(await limit({ file: { path: flat } })).toEqual([3, "project", 2]);
    expect(await limit({ file: { path: flat }, environmentName: "dev" })).toEqual([4, "environment", 4]);
    expect(await limit({ file: { path: job }, environmentName: "dev" })).toEqual([6, "params", 6]);
    expect(await limit({ file: { path: job }, sets: ["limit=7"] })).toEqual([7, "set", 5]);
    expect(
      await limit({ file: { path: job }, sets: ["limit=7", "mods.csv-reader.limit=8", "mods.other.limit=9"] }),
    ).toEqual([8, "set", 6]);
    expect(await limit({ globals: { limit: 11 } })).toEqual([11, "globals", 3]);
    expect(await limit({ globals: { limit: 11 } }, { params: { limit: 12 } })).toEqual([12, "params", 4]);
    expect(await limit({ sets: ["globals.limit=13"] })).toEqual([13, "set", 3]);
  });

  test("the environment comes from DATAPY_ENV where --env is not given", async () => {
    folder.write(
      "project_defaults.yaml",
      "environments:\n  dev: {mod_defaults: {csv_reader: {limit: 2}}, logging: {level: ERROR}}\n  prod:\n",
    );
    const configuration = await loadConfiguration({ cwd: folder.root, env: { DATAPY_ENV: "dev" } });
    expect(configuration.environment).toBe("dev");
    expect(configuration.logging.level).toBe("error");
    expect((await resolve({ env: { DATAPY_ENV: "dev" }, environmentName: "prod" })).values["limit"]).toBe(10);
    expect(await faultsOf(resolve({ env: { DATAPY_ENV: "devv" } }))).toEqual([
      expect.stringMatching(/^DATAPY_ENVIRONMENT_UNKNOWN .*devv.*dev, prod\)$/),
    ]);
  });

  test("DATAPY_ENV means nothing to a project without environments; --env is refused there", async () => {
    folder.write("project_defaults.yaml", "project_name: x");
    expect((await loadConfiguration({ cwd: folder.root, env: { DATAPY_ENV: "prod" } })).environment).toBeUndefined();
    expect(await faultsOf(loadConfiguration({ cwd: folder.root, env: {}, environmentName: "prod" }))).toHaveLength(1);
  });

  test("objects merge key by key, lists and scalars replace, null is a value", async () => {
    folder.write(
      "project_defaults.yaml",
      "mod_defaults:\n  csv_reader:\n    columns: {a: INT, b: INT}\n    rules: [{column: a}, {column: b}]\n    delimiter: ';'\n",
    );
    const path = folder.write(
      "p.yaml",
      "columns: {b: TEXT, c: TEXT}\nrules: [{column: z}]\ndelimiter: null\noptions: {retries: 9}\n",
    );
    const { values, origins } = await resolve({ file: { path } });
    expect(JSON.parse(JSON.stringify(values))).toEqual({
      columns: { a: "INT", b: "TEXT", c: "TEXT" },
      rules: [{ column: "z", severity: "error" }],
      delimiter: null,
      options: { mode: "fast", retries: 9 },
      limit: 10,
    });
    expect(origins.get("/columns/a")?.layer).toBe("project");
    expect(origins.get("/columns/b")).toMatchObject({
      layer: "params",
      location: { line: 1, column: 14 },
      overrode: [{ layer: "project", value: "INT" }],
    });
    expect(origins.get("/rules/0/column")?.location).toMatchObject({ line: 2, column: 18 });
    expect(origins.get("/rules/0/severity")?.layer).toBe("default");
    expect(origins.get("/options/retries")?.overrode).toEqual([{ layer: "default", location: undefined, value: 3 }]);
  });

  test("globals reach a mod only where it declares them; base_path always, beside the values", async () => {
    const job = folder.write(
      "job.yaml",
      "globals: {base_path: data, limit: 2, other: 1}\nmods: {csv_reader: {input_path: x}}",
    );
    const { values, basePath, origins } = await resolve({ file: { path: job } });
    expect(Object.keys(values).sort()).toEqual(["delimiter", "input_path", "limit"]);
    expect(basePath).toBe(folder.path("data"));
    expect(origins.get("/base_path")?.location).toMatchObject({ file: job, line: 1 });
    const declaring = { ...schema, properties: { ...schema.properties, base_path: { type: "string" } } };
    expect((await resolve({ file: { path: job } }, { schema: declaring })).values["base_path"]).toBe(basePath);
  });

  test("a relative base_path of the project is taken from the project's folder, wherever the job is started", async () => {
    folder.write("project_defaults.yaml", "globals: {base_path: data}");
    const job = folder.write("jobs/nightly/job.yaml", "mods: {csv_reader: {input_path: x}}");
    for (const cwd of [folder.root, folder.path("jobs/nightly"), join(folder.root, "..")])
      expect((await resolve({ cwd, file: { path: job } })).basePath).toBe(folder.path("data"));
    const own = folder.write("jobs/nightly/own.yaml", "globals: {base_path: in}\nmods: {csv_reader: {input_path: x}}");
    expect((await resolve({ cwd: folder.path("jobs"), file: { path: own } })).basePath).toBe(folder.path("jobs/in"));
    // Data that is elsewhere, as in a test of a pipeline, stays there.
    const elsewhere = await resolve({ file: { path: job }, dataFolder: folder.path("sandbox") });
    expect(elsewhere.basePath).toBe(folder.path("sandbox/data"));
  });

  test("a mod's relative path that is not there from the working directory is taken from the job file's folder", async () => {
    const beside = folder.write("jobs/one.mjs", "");
    folder.write("one.mjs", "");
    const job = folder.write("jobs/job.yaml", "steps: [{id: a, mod: ./one.mjs}, {id: b, mod: ./two.mjs}]");
    const outline = async (cwd: string) => jobOutline(await loadConfiguration({ cwd, env: {}, file: { path: job } }));
    expect(await outline(folder.root)).toMatchObject([{ mod: "./one.mjs" }, { mod: "./two.mjs" }]);
    expect(await outline(join(folder.root, ".."))).toMatchObject([{ mod: beside }, { mod: "./two.mjs" }]);
  });

  test("mod keys match with - and _, by package and by the old dotted name", async () => {
    for (const key of ["csv_reader", "csv-reader", '"@datapy/mod-csv-reader"', "datapy.mods.sources.csv_reader"]) {
      const job = folder.write("job.yaml", `mods: {${key}: {limit: 2}}`);
      expect((await resolve({ file: { path: job } })).values["limit"]).toBe(2);
    }
    const twice = folder.write("twice.yaml", "mods:\n  csv_reader: {limit: 1}\n  csv-reader: {limit: 2}\n");
    expect(await faultsOf(resolve({ file: { path: twice } }))).toEqual([
      expect.stringContaining("DATAPY_YAML_DUPLICATE_KEY"),
    ]);
  });

  test("the graph form gives the parameters of a step", async () => {
    const job = folder.write(
      "job.yaml",
      "steps:\n  - {id: a, mod: csv-reader, params: {limit: 1}}\n  - {id: b, mod: csv_reader, params: {limit: 2}}\n  - {id: c, mod: data-cleaner}\n",
    );
    expect((await resolve({ file: { path: job } }, { step: "b" })).values["limit"]).toBe(2);
    expect((await resolve({ file: { path: job } }, { mod: "data-cleaner" })).values["limit"]).toBe(10);
    expect(await faultsOf(resolve({ file: { path: job } }))).toEqual([
      expect.stringMatching(/^DATAPY_STEP_AMBIGUOUS .*a, b/),
    ]);
    expect((await resolve({ file: { path: job }, sets: ["steps.a.limit=5"] }, { step: "a" })).values["limit"]).toBe(5);
  });

  test("text of standard input is a file of its own name", async () => {
    const { values, origins } = await resolve({ file: { name: "<stdin>", text: "limit: 4" } });
    expect(values["limit"]).toBe(4);
    expect(origins.get("/limit")?.location).toEqual({ file: "<stdin>", line: 1, column: 8 });
  });

  test("values that code gives are data: nothing in them is expanded, and they must be JSON", async () => {
    const { values } = await resolve(
      { env: { X: "no" } },
      { params: { input_path: "${env.X} ${nonsense}", delimiter: undefined } },
    );
    expect(values["input_path"]).toBe("${env.X} ${nonsense}");
    expect(values["delimiter"]).toBe(",");
    for (const [bad, said] of [
      [new Date(0), "a Date"],
      [10n, "a bigint"],
      [Number.NaN, "NaN"],
      [() => 1, "a function"],
      [new Map(), "a Map"],
    ] as const) {
      expect(await faultsOf(resolve({}, { params: { options: { x: bad } } }))).toEqual([
        `DATAPY_PARAMETER_NOT_JSON parameter options.x is ${said}; parameters are JSON values`,
      ]);
    }
    const round: Record<string, unknown> = {};
    round["round"] = round;
    expect(await faultsOf(resolve({}, { params: round }))).toEqual([expect.stringContaining("inside itself")]);
    expect(await faultsOf(resolve({}, { params: JSON.parse('{"options": {"__proto__": {"x": 1}}}') }))).toHaveLength(1);
  });
});

describe("the project file", () => {
  test("is looked for in ./ ../ ../../ of the working directory, then of the file, and the first wins", async () => {
    const file = folder.write("far/jobs/daily/params.yaml", "limit: 1");
    const cwd = folder.path("here/a/b");
    folder.write("here/a/b/keep", "");
    const none = await loadConfiguration({ cwd, env: {}, file: { path: file } });
    expect(none.project).toBeUndefined();
    expect(none.searched).toEqual(
      ["here/a/b", "here/a", "here", "far/jobs/daily", "far/jobs", "far"].map((name) =>
        join(folder.path(name), "project_defaults.yaml"),
      ),
    );
    expect(none.workPath).toBe(join(cwd, ".datapy"));
    folder.write("far/project_defaults.yaml", "project_name: far");
    expect((await loadConfiguration({ cwd, env: {}, file: { path: file } })).project?.name).toBe("far");
    folder.write("far/jobs/daily/project_defaults.yaml", "project_name: nearer");
    expect((await loadConfiguration({ cwd, env: {}, file: { path: file } })).project?.name).toBe("nearer");
    folder.write("here/project_defaults.yaml", "project_name: here");
    const found = await loadConfiguration({ cwd, env: {}, file: { path: file } });
    expect(found.project?.name).toBe("here");
    expect(found.searched).toHaveLength(3);
    expect(found.workPath).toBe(folder.path("here/.datapy"));
    folder.write("project_defaults.yaml", "project_name: too far");
    expect((await loadConfiguration({ cwd, env: {} })).project?.name).toBe("here");
  });

  test("relative folders: log_path of the project from its file, of the job from the working directory; work_path from the project", async () => {
    folder.write("project_defaults.yaml", "logging: {base_path: logs}\nglobals: {work_path: state}");
    const job = folder.write("jobs/job.yaml", "globals: {log_path: mylogs}");
    const cwd = folder.path("jobs");
    const plain = await loadConfiguration({ cwd, env: {} });
    expect([plain.logging.directory, plain.workPath]).toEqual([folder.path("logs"), folder.path("state")]);
    expect((await loadConfiguration({ cwd, env: {}, file: { path: job } })).logging.directory).toBe(
      folder.path("jobs/mylogs"),
    );
  });

  test.each([
    ["a list as root", "- 1", "DATAPY_CONFIG_SHAPE"],
    ["mod_defaults as a text", "mod_defaults: x", "DATAPY_CONFIG_SHAPE mod_defaults must be a mapping, not a text"],
    [
      "a mod's defaults as a list",
      "mod_defaults: {csv_reader: [1]}",
      "DATAPY_CONFIG_SHAPE csv_reader must be a mapping, not a list",
    ],
    ["an unknown log level", "logging: {level: LOUD}", 'DATAPY_LOG_LEVEL_UNKNOWN "LOUD" is not a log level'],
    ["an unknown log format", "globals: {log_format: xml}", "DATAPY_CONFIG_SHAPE log_format must be json or pretty"],
    ["a negative retention", "logging: {retention_days: -1}", "DATAPY_CONFIG_SHAPE logging.retention_days must be"],
    [
      "a base_path that is no path",
      "globals: {base_path: 5}",
      "DATAPY_CONFIG_SHAPE base_path must be a folder's path, not the number 5",
    ],
    ["providers of another kind", "secrets: {providers: 5}", "DATAPY_CONFIG_SHAPE secrets.providers must be"],
  ])("is refused: %s", async (_name, text, expected) => {
    folder.write("project_defaults.yaml", text);
    const faults = await faultsOf(resolve({}));
    expect(faults).toEqual([expect.stringContaining(expected)]);
  });

  test("and the job are read both before anything is refused", async () => {
    folder.write("project_defaults.yaml", "a: 1\na: 2");
    const job = folder.write("job.yaml", "b: [");
    const faults = await faultsOf(resolve({ file: { path: job }, sets: ["nonsense"] }));
    expect(faults.map((one) => one.split(" ")[0])).toEqual([
      "DATAPY_YAML_SYNTAX",
      "DATAPY_YAML_DUPLICATE_KEY",
      "DATAPY_SET_INVALID",
    ]);
  });
});

describe("the file of -p", () => {
  test.each([
    ["is absent", "absent.yaml", "DATAPY_FILE_NOT_FOUND"],
    ["is a folder", ".", "DATAPY_FILE_UNREADABLE"],
    ["lies below a file", "plain.txt/x.yaml", "DATAPY_FILE_NOT_FOUND"],
    ["is not UTF-8", "latin.yaml", "DATAPY_FILE_UNREADABLE"],
    ["is too large", "large.yaml", "DATAPY_YAML_TOO_LARGE"],
  ])("%s", async (_name, path, code) => {
    folder.write("plain.txt", "a: 1");
    const { writeFileSync } = await import("node:fs");
    writeFileSync(folder.path("latin.yaml"), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]));
    writeFileSync(folder.path("large.yaml"), Buffer.alloc(4 * 1_048_576 + 1, 0x20));
    expect(await faultsOf(resolve({ file: { path } }))).toEqual([expect.stringContaining(code)]);
  });

  test("may begin with a byte order mark", async () => {
    const path = folder.write("bom.yaml", "\ufefflimit: 4");
    const { values, origins } = await resolve({ file: { path } });
    expect([values["limit"], origins.get("/limit")?.location?.column]).toEqual([4, 8]);
  });

  test("may be empty", async () => {
    const path = folder.write("empty.yaml", "# nothing yet\n");
    expect((await resolve({ file: { path } })).values["limit"]).toBe(10);
  });
});

describe("--set", () => {
  test.each<[string, string, unknown]>([
    ["a number", "limit=5", 5],
    ["a truth value", "limit=true", true],
    ["null", "limit=null", null],
    ["nothing, which is null", "limit=", null],
    ["text", "limit=five", "five"],
    ["text in quotes", "limit='5'", "5"],
    ["a pipe", "limit=|", "|"],
    ["a glob", "limit=*.csv", "*.csv"],
    ["a hash", "limit=#fff", "#fff"],
    ["a colon", "limit=a: b", "a: b"],
    ["an equals sign", "limit=a=b", "a=b"],
    ["spaces at the ends", "limit= x ", " x "],
    ["a list", "limit=[1, two]", [1, "two"]],
    ["a mapping", "limit={a: 1}", { a: 1 }],
    ["braces of a glob", "limit={a,b}.csv", "{a,b}.csv"],
    ["a reference", "limit=${env.LIMIT}", 7],
    ["a literal reference", "limit=$${x}", "${x}"],
    ["a date", "limit=2024-08-12", "2024-08-12"],
  ])("%s", async (_name, argument, expected) => {
    const { values } = await resolve({ sets: [argument], env: { LIMIT: "7" } });
    expect(JSON.parse(JSON.stringify(values["limit"]))).toEqual(expected);
  });

  test("nested keys, and dots that belong to a name", async () => {
    const { values } = await resolve({ sets: ["columns.id=BIGINT", "columns.order\\.no=TEXT", "options.mode=slow"] });
    expect(JSON.parse(JSON.stringify(values))).toMatchObject({
      columns: { id: "BIGINT", "order.no": "TEXT" },
      options: { mode: "slow", retries: 3 },
    });
  });

  test.each([
    "limit",
    "=5",
    "a..b=1",
    ".a=1",
    "__proto__.x=1",
    "a.constructor=1",
    "limit=9007199254740993",
    "limit=[1, 2",
    "limit={a: 1, a: 2}",
  ])("is refused: %s", async (argument) => {
    const bracket = argument === "limit=[1, 2";
    const outcome = resolve({ sets: [argument] });
    if (bracket) expect((await outcome).values["limit"]).toBe("[1, 2");
    else expect(await faultsOf(outcome)).toEqual([expect.stringContaining("DATAPY_SET_INVALID")]);
  });
});

describe("a script", () => {
  const script = (): string => folder.write("scripts/etl/load.ts", "");

  test("has the flat file and --set to itself; the mods that it runs do not", async () => {
    const file = folder.write("params.yaml", "limit: 4\nday: ${run.date}\ndelimiter: x\n");
    const configuration = await loadConfiguration({
      cwd: folder.root,
      env: {},
      file: { path: file },
      script: script(),
      sets: ["limit=5", "mods.csv_reader.limit=6"],
      references,
    });
    expect({ ...(await configuration.scriptParameters()) }).toEqual({ limit: 5, day: "2024-08-12", delimiter: "x" });
    const { values } = await configuration.resolve({
      mod: "csv-reader",
      schema,
      references,
      params: { input_path: "y" },
    });
    expect({ ...values }).toEqual({ limit: 6, delimiter: ",", input_path: "y" });
  });

  test("with a job file has what stands under params, and its mods have theirs", async () => {
    const file = folder.write(
      "job.yaml",
      "globals: {limit: 2}\nparams: {day: '${globals.limit}'}\nmods: {csv_reader: {delimiter: ';'}}\n",
    );
    const configuration = await loadConfiguration({
      cwd: folder.root,
      env: {},
      file: { path: file },
      script: script(),
    });
    expect({ ...(await configuration.scriptParameters()) }).toEqual({ day: 2 });
    const { values } = await configuration.resolve({ mod: "csv-reader", schema, references });
    expect({ ...values }).toEqual({ limit: 2, delimiter: ";" });
  });

  test("finds its project from its own folder too, and has its faults told", async () => {
    folder.write("scripts/project_defaults.yaml", "project_name: scripts");
    const cwd = folder.path("elsewhere/a/b");
    folder.write("elsewhere/a/b/params.yaml", "x: ${env.NONE}");
    const configuration = await loadConfiguration({ cwd, env: {}, file: { path: "params.yaml" }, script: script() });
    expect(configuration.project?.name).toBe("scripts");
    expect(await faultsOf(configuration.scriptParameters())).toEqual([expect.stringContaining("NONE is not set")]);
  });
});

test("${item} is the item of a step with foreach, and nothing elsewhere", async () => {
  const job = folder.write(
    "job.yaml",
    "steps:\n  - {id: a, mod: csv-reader, params: {input_path: '${item.path}', limit: '${item.n}', delimiter: 'x${item.n}'}}\n",
  );
  const { values } = await resolve(
    { file: { path: job } },
    { references: { ...references, item: { path: "p.csv", n: 3 } } },
  );
  expect({ ...values }).toEqual({ input_path: "p.csv", limit: 3, delimiter: "x3" });
  expect(await faultsOf(resolve({ file: { path: job } }))).toHaveLength(3);
});
