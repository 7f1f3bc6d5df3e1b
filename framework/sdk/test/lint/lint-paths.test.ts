import { formatFindings } from "../../src/lint/format-findings.js";
import { lintPaths, lintText } from "../../src/lint/lint-paths.js";
import type { LintReport, LintRequest } from "../../src/lint/lint-paths.js";
import { installFakeMods } from "../support/fake-mods.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
beforeEach(() => {
  folder = new ProjectFolder();
  installFakeMods(folder);
});
afterEach(() => folder.remove());

function lint(request: Partial<LintRequest> = {}): LintReport {
  return lintPaths({ cwd: folder.root, env: process.env, paths: [], ...request });
}

/** `file:line:column severity CODE`, without the prefix that all codes have. */
function places(report: LintReport): string[] {
  return report.findings.map(({ severity, error }) => {
    const { file = "", line = 0, column = 0 } = error.location ?? {};
    return `${file.replace(`${folder.root}/`, "")}:${line}:${column} ${severity} ${error.code.replace("DATAPY_", "")}`;
  });
}

function said(report: LintReport): string {
  return report.findings.map(({ error }) => `${error.message} ${error.hint ?? ""}`).join("\n");
}

describe("a job in the simple form", () => {
  test("without faults has none", () => {
    folder.write("data/orders.csv", "a\n1\n");
    folder.write(
      "job.yaml",
      "globals: {base_path: data, encoding: latin1}\nmods:\n  csv_reader: {input_path: orders.csv}\n  data_cleaner:\n  database_writer: {table_name: t, connection_string: '${secret.env.DSN}'}\n",
    );
    expect(places(lint())).toEqual([]);
    expect(lint().files).toEqual([folder.path("job.yaml")]);
  });

  test("has every fault of it found at once, each at its key or value", () => {
    folder.write(
      "job.yaml",
      [
        "globals:", // 1
        "  base_path: nowhere",
        "  log_level: LOUD",
        "  unusd: 1",
        "mods:", // 5
        "  csv_reader:",
        "    input_path: x.csv",
        "    delimitr: ';'",
        "    limit: ten",
        "    header: yes", // 10
        "    on_bad_row: ignore",
        "    separator: ','",
        "    columns: {a: 5}",
        "  data-cleaner:",
        "    rules: [{colum: a}]", // 15
        "    min_length: 007",
        "  data_cleaner: {}",
        "  database_writer:",
        "    connection_string: postgresql://etl:hunter2@db/shop",
        "    batch_size: ${globals.nothing}", // 20
        "    timeout: 5 minutes",
        "  datapy.mods.sinks.databse_writer: {}",
      ].join("\n"),
    );
    const report = lint();
    expect(places(report)).toEqual([
      "job.yaml:3:14 error LOG_LEVEL_UNKNOWN",
      "job.yaml:7:17 warning PATH_MISSING",
      "job.yaml:8:5 error PARAMETER_UNKNOWN",
      "job.yaml:9:12 error PARAMETER_INVALID",
      "job.yaml:10:13 error PARAMETER_INVALID",
      "job.yaml:11:17 error PARAMETER_INVALID",
      "job.yaml:12:5 warning NAME_DEPRECATED",
      "job.yaml:13:18 error PARAMETER_INVALID",
      "job.yaml:15:13 error PARAMETER_MISSING",
      "job.yaml:15:14 error PARAMETER_UNKNOWN",
      "job.yaml:16:17 warning YAML_LEADING_ZERO",
      "job.yaml:17:3 error YAML_DUPLICATE_KEY",
      "job.yaml:18:3 error PARAMETER_MISSING",
      "job.yaml:19:24 warning SECRET_IN_PLAIN_TEXT",
      "job.yaml:20:17 error REFERENCE_UNKNOWN",
      "job.yaml:21:14 error PARAMETER_INVALID",
      "job.yaml:22:3 error MOD_UNKNOWN",
    ]);
    expect(said(report)).toContain("Did you mean delimiter?");
    expect(said(report)).toContain("Did you mean column?");
    expect(said(report)).toContain("Did you mean database-writer?");
    // What lint finds of a secret, it does not spread.
    expect(said(report)).not.toContain("hunter2");
    expect([report.errors, report.warnings]).toEqual([13, 4]);
  });

  test("may refer to steps before it, and to what they make", () => {
    folder.write(
      "job.yaml",
      "mods:\n  csv_reader: {input_path: '${mods.data_cleaner.artifacts.output_data}'}\n  data_cleaner: {input_artifact: '${mods.csv-reader.artifacts.quarantin}', min_length: '${mods.csv_reader.metrics.rows_output}'}\n",
    );
    expect(places(lint())).toEqual(["job.yaml:2:29 error REFERENCE_UNKNOWN", "job.yaml:3:35 error REFERENCE_UNKNOWN"]);
    expect(said(lint())).toContain("Did you mean quarantine?");
  });

  test("must give the first mod its input; later ones are fed by the table before them", () => {
    folder.write(
      "job.yaml",
      "mods:\n  data_cleaner: {}\n  database_writer: {table_name: t, connection_string: '${env.X}'}\n  csv_reader: {input_path: '${env.F}'}\n",
    );
    expect(places(lint())).toEqual(["job.yaml:2:3 error PARAMETER_MISSING"]);
  });

  test("takes what is missing from the project, its globals and its environments", () => {
    folder.write(
      "project_defaults.yaml",
      "mod_defaults: {database_writer: {connection_string: '${secret.env.DSN}'}}\nglobals: {table_name: t}",
    );
    folder.write("job.yaml", "mods:\n  csv_reader: {input_path: '${env.F}'}\n  database_writer: {}\n");
    expect(places(lint())).toEqual([]);
  });

  test("is told of a global that nothing uses, and of none that something does", () => {
    folder.write(
      "job.yaml",
      "globals: {base_path: x, work_path: y, delimiter: ';', stage: a, used: '${globals.stage}', lost: 1}\nmods:\n  csv_reader: {input_path: 'x/${globals.used}'}\n",
    );
    expect(places(lint())).toEqual(["job.yaml:1:91 warning GLOBAL_UNUSED"]);
    folder.write("job.yaml", "globals: {maybe: 1}\nmods:\n  csv_reader: {input_path: '${env.F}'}\n  other_mod: {}\n");
    expect(places(lint())).toEqual(["job.yaml:4:3 error MOD_UNKNOWN"]);
  });
});

describe("a job in the graph form", () => {
  test("warns of a schedule that cannot be read, and refuses a sub-job that is not there", () => {
    folder.write(
      "job.yaml",
      'schedule: {cron: "0 25 * * *"}\nsteps:\n  - {id: a, job: other.yaml}\n  - {id: b, job: "${globals.b}"}\nglobals: {b: x.yaml}\n',
    );
    folder.write("others.yaml", "mods:\n  csv_reader: {input_path: job.yaml}\n");
    expect(places(lint({ paths: ["job.yaml"] }))).toEqual([
      "job.yaml:1:18 warning SCHEDULE_INVALID",
      "job.yaml:3:18 error FILE_NOT_FOUND",
    ]);
    expect(said(lint({ paths: ["job.yaml"] }))).toMatch(
      /Did you mean .*others\.yaml\? The path of a job is taken from the folder/,
    );
  });

  test("without faults has none", () => {
    folder.write("other.yaml", "mods: {}\n");
    folder.write(
      "job.yaml",
      `name: shop
schedule: {cron: "0 3 * * *", timezone: Europe/Berlin}
max_parallel: 4
on_overlap: wait
timeout: 2h
steps:
  - id: read
    mod: csv-reader
    foreach: {glob: "data/*.csv"}
    concurrency: 2
    params: {input_path: "\${item}"}
    retries: {max: 3, backoff: {initial: 1s, factor: 2, max: 1m}, on: [CSV_BUSY]}
  - id: clean
    mod: "@datapy/mod-data-cleaner"
    params: {input_artifact: "\${mods.read.artifacts.output_data}"}
    when: "\${globals.x}"
    on_error: skip_dependents
    cache: {max_age: 1d}
  - {id: load, mod: datapy.mods.sinks.database_writer, needs: clean, retries: 2, isolate: true, memory_limit: 512MB, params: {input_artifact: "\${mods.clean.artifacts.output_data}", table_name: t, connection_string: "\${env.DSN}"}}
  - {id: report, job: other.yaml, needs: [load], tags: [x]}
  - {id: tidy, mod: data-cleaner, always: true, timeout: 30, params: {input_artifact: "\${mods.read.artifacts.output_data}"}}
globals: {x: true}
`,
    );
    expect(places(lint())).toEqual(["job.yaml:19:21 warning NAME_DEPRECATED"]);
  });

  test("has faults of its steps and of the graph found", () => {
    folder.write(
      "job.yaml",
      `steps:
  - {id: a, mod: csv-reader, needs: [c], params: {input_path: "\${item}"}}
  - {id: b, mod: data-cleaner, params: {input_artifact: "\${mods.a.artifacts.output_dta}"}}
  - {id: c, mod: data-cleaner, params: {input_artifact: "\${mods.b.artifacts.output_data}"}, retires: 2, on_error: ignore}
  - {id: c, mod: data-cleaner, job: x.yaml, needs: [cc, nothing]}
  - {id: d d, concurrency: 0}
  - {mod: csv-raeder}
  - {id: self, mod: csv-reader, needs: self, params: {input_path: x, limit: -1}, retries: {maxx: 2}, foreach: {glob: x, rows: y}}
  - step
`,
    );
    expect(places(lint())).toEqual([
      "job.yaml:2:64 error REFERENCE_UNKNOWN",
      "job.yaml:3:58 error REFERENCE_UNKNOWN",
      "job.yaml:3:58 error STEP_CYCLE",
      "job.yaml:4:93 error KEY_UNKNOWN",
      "job.yaml:4:115 error CONFIG_SHAPE",
      "job.yaml:5:10 error STEP_DUPLICATE",
      "job.yaml:5:32 error STEP_TARGET",
      "job.yaml:5:37 error FILE_NOT_FOUND",
      "job.yaml:5:53 error STEP_UNKNOWN",
      "job.yaml:5:57 error STEP_UNKNOWN",
      "job.yaml:6:5 error STEP_TARGET",
      "job.yaml:6:10 error CONFIG_SHAPE",
      "job.yaml:6:28 error CONFIG_SHAPE",
      "job.yaml:7:5 error KEY_MISSING",
      "job.yaml:7:11 error MOD_UNKNOWN",
      "job.yaml:8:40 error STEP_CYCLE",
      "job.yaml:8:67 warning PATH_MISSING",
      "job.yaml:8:77 error PARAMETER_INVALID",
      "job.yaml:8:82 error KEY_MISSING",
      "job.yaml:8:92 error KEY_UNKNOWN",
      "job.yaml:8:121 error KEY_UNKNOWN",
      "job.yaml:9:5 error CONFIG_SHAPE",
    ]);
    expect(said(lint())).toContain("a → c → b → a");
  });

  test("that gives a step nothing is told of what is missing at the step", () => {
    folder.write("job.yaml", "steps:\n  - id: a\n    mod: csv-reader\n  - {id: b, mod: csv-reader, params: }\n");
    expect(places(lint())).toEqual(["job.yaml:2:5 error PARAMETER_MISSING", "job.yaml:4:30 error PARAMETER_MISSING"]);
  });

  test("may keep what it repeats under x-", () => {
    folder.write("data.csv", "");
    folder.write(
      "job.yaml",
      "x-read: &read {input_path: data.csv}\nsteps:\n  - {id: a, mod: csv-reader, params: {<<: *read, limit: 1}}\n",
    );
    expect(places(lint())).toEqual([]);
  });

  test("of ten thousand steps in a row is checked", () => {
    folder.write("x.yaml", "mods: {}\n");
    const steps = Array.from(
      { length: 10_000 },
      (_, index) => `- {id: s${index}, job: x.yaml, needs: ${index === 0 ? "s9999" : `s${index - 1}`}}`,
    );
    const report = lintText(`steps:\n${steps.join("\n")}\n`, folder.path("job.yaml"), { cwd: folder.root, env: {} });
    expect(report.findings.map(({ error }) => error.code)).toEqual(["DATAPY_STEP_CYCLE"]);
  });

  test("cannot have mods as well", () => {
    folder.write("job.yaml", "mods: {}\nsteps: []\n");
    expect(places(lint())).toEqual(["job.yaml:2:1 error JOB_FORM"]);
  });
});

describe("a project file", () => {
  test("has unknown keys, wrong values and wrong parameters found, in environments too", () => {
    folder.write(
      "project_defaults.yaml",
      `project_nam: x
logging: {base_path: logs, level: loud, retention_days: never, folder: x}
globals: {a: "\${globals.b}", b: "\${globals.a}", api_key: abc123}
mod_defaults:
  csv_reader: {delimitr: ";", limit: many}
  csv-reader: {}
  not_installed: {x: 1}
  database_writer: {connection_string: "\${secret.vault.x}", table_name: "\${mods.x.artifacts.y}"}
environments:
  dev: {mod_defaults: {data_cleaner: {null_strategy: dorp}}, loging: {}}
secrets: {providers: [env], other: 1}
vars: {p: "\${project.vars.q}"}
x-team: {any: thing}
`,
    );
    expect(places(lint())).toEqual([
      "project_defaults.yaml:1:1 error KEY_UNKNOWN",
      "project_defaults.yaml:2:35 error LOG_LEVEL_UNKNOWN",
      "project_defaults.yaml:2:57 error CONFIG_SHAPE",
      "project_defaults.yaml:2:64 error KEY_UNKNOWN",
      "project_defaults.yaml:3:15 error REFERENCE_CYCLE",
      "project_defaults.yaml:3:58 warning SECRET_IN_PLAIN_TEXT",
      "project_defaults.yaml:5:16 error PARAMETER_UNKNOWN",
      "project_defaults.yaml:5:38 error PARAMETER_INVALID",
      "project_defaults.yaml:6:3 error YAML_DUPLICATE_KEY",
      "project_defaults.yaml:7:3 warning MOD_UNKNOWN",
      "project_defaults.yaml:8:41 error SECRET_PROVIDER",
      "project_defaults.yaml:8:74 error REFERENCE_UNKNOWN",
      "project_defaults.yaml:10:54 error PARAMETER_INVALID",
      "project_defaults.yaml:10:62 error KEY_UNKNOWN",
      "project_defaults.yaml:11:29 error KEY_UNKNOWN",
      "project_defaults.yaml:12:12 error REFERENCE_UNKNOWN",
    ]);
  });

  test("under another ending is passed over by every run, which is said", () => {
    folder.write("project_defaults.yml", "project_name: x");
    expect(places(lint())).toEqual(["project_defaults.yml:0:0 warning PROJECT_FILE_NAME"]);
  });

  test("with environments: jobs are checked against each of them, and the environment is named where it matters", () => {
    folder.write(
      "project_defaults.yaml",
      "environments:\n  dev: {globals: {bucket: x}}\n  prod: {mod_defaults: {csv_reader: {limit: 5}}}\n",
    );
    folder.write("job.yaml", "mods:\n  csv_reader: {input_path: '${globals.bucket}/x', delimiter: 5}\n");
    expect(places(lint())).toEqual(["job.yaml:2:29 error REFERENCE_UNKNOWN", "job.yaml:2:62 error PARAMETER_INVALID"]);
    expect(lint().findings[0]?.error.message).toMatch(/\(environment prod\)$/);
    expect(lint().findings[1]?.error.message).not.toContain("environment");
    expect(places(lint({ environmentName: "dev" }))).toEqual(["job.yaml:2:62 error PARAMETER_INVALID"]);
    expect(places(lint({ environmentName: "tset" }))).toContain("job.yaml:0:0 error ENVIRONMENT_UNKNOWN");
  });
});

describe("a file of parameters", () => {
  test("is checked for its mod, where a comment or --mod names it", () => {
    folder.write("params.yaml", "# datapy: mod csv-reader\ndelimitr: x\n");
    folder.write(
      "a_params.yaml",
      "# yaml-language-server: $schema=../.datapy-schemas/params/csv-reader.schema.json\nlimit: x\ninput_path: '${env.X}'\n",
    );
    expect(places(lint())).toEqual([
      "a_params.yaml:2:8 error PARAMETER_INVALID",
      "params.yaml:2:1 error PARAMETER_MISSING",
      "params.yaml:2:1 error PARAMETER_UNKNOWN",
    ]);
    folder.write("other.yaml", "limit: x\ninput_path: '${env.X}'\n");
    expect(places(lint({ paths: ["other.yaml"], mod: "csv_reader" }))).toEqual([
      "other.yaml:1:8 error PARAMETER_INVALID",
    ]);
    expect(places(lint({ paths: ["other.yaml"], mod: "csv_raeder" }))).toEqual(["other.yaml:1:1 error MOD_UNKNOWN"]);
  });

  test("for no known mod is checked for what holds for any", () => {
    folder.write("params.yaml", "a: ${globals.x}\npassword: hunter2\nb: ${mods.x.artifacts.y}\nc: ${item}\n");
    expect(places(lint())).toEqual([
      "params.yaml:1:4 error REFERENCE_UNKNOWN",
      "params.yaml:2:11 warning SECRET_IN_PLAIN_TEXT",
      "params.yaml:3:4 error REFERENCE_UNKNOWN",
      "params.yaml:4:4 error REFERENCE_UNKNOWN",
    ]);
  });
});

describe("references leave open what only a run can know", () => {
  test("a whole reference may become anything, a text with one in it stays a text", () => {
    folder.write(
      "job.yaml",
      "globals: {n: 5}\nmods:\n  csv_reader: {input_path: 'x${env.A}', limit: '${globals.n}', header: 'x${globals.n}', on_bad_row: '${env.B}', columns: {a: '${env.C}', b: 5}}\n",
    );
    expect(places(lint())).toEqual(["job.yaml:3:72 error PARAMETER_INVALID", "job.yaml:3:141 error PARAMETER_INVALID"]);
  });

  test("$${ is text, and is checked as such", () => {
    folder.write("job.yaml", "mods:\n  csv_reader: {input_path: '$${x}', on_bad_row: '$${fail}'}\n");
    expect(places(lint())).toEqual(["job.yaml:2:49 error PARAMETER_INVALID"]);
  });
});

describe("files", () => {
  test("of a folder are searched recursively; those that are not DataPy's are passed over", () => {
    folder.write("jobs/a/job.yaml", "mods: {nothing: {}}");
    folder.write("jobs/b.yml", "stpes:\n  - id: x\n");
    folder.write("docker-compose.yaml", "services: {db: {image: postgres}}");
    folder.write("k8s.yaml", "a: 1\n---\nb: 2\n");
    folder.write("broken.yaml", "mods:\n  x: [\n");
    folder.write("other-broken.yaml", "x: [\n");
    folder.write(".hidden/job.yaml", "mods: {nothing: {}}");
    folder.write("node_modules/x/job.yaml", "mods: {nothing: {}}");
    folder.write("notes.txt", "mods: {nothing: {}}");
    expect(lint().files.map((file) => file.replace(`${folder.root}/`, ""))).toEqual([
      "broken.yaml",
      "jobs/a/job.yaml",
      "jobs/b.yml",
    ]);
    expect(places(lint())).toEqual([
      "broken.yaml:3:1 error YAML_SYNTAX",
      "jobs/a/job.yaml:1:8 error MOD_UNKNOWN",
      "jobs/b.yml:1:1 error KEY_UNKNOWN",
    ]);
  });

  test("that are named are checked, whatever they hold", () => {
    folder.write("k8s.yaml", "a: 1\n---\nb: 2\n");
    expect(places(lint({ paths: ["k8s.yaml"] }))).toEqual(["k8s.yaml:2:1 error YAML_DOCUMENTS"]);
    folder.write("list.yaml", "- 1");
    expect(places(lint({ paths: ["list.yaml"] }))).toEqual(["list.yaml:1:1 error CONFIG_SHAPE"]);
    folder.write("empty.yaml", "");
    expect(places(lint({ paths: ["empty.yaml"] }))).toEqual([]);
  });

  test("are matched by globs", () => {
    for (const name of ["jobs/a/one.yaml", "jobs/b/two.yaml", "jobs/three.yml", "other/one.yaml"])
      folder.write(name, "mods: {nothing: {}}");
    const matched = (pattern: string): string[] =>
      lint({ paths: [pattern] }).files.map((file) => file.replace(`${folder.root}/`, ""));
    expect(matched("jobs/**/*.yaml")).toEqual(["jobs/a/one.yaml", "jobs/b/two.yaml"]);
    expect(matched("jobs/*.{yml,yaml}")).toEqual(["jobs/three.yml"]);
    expect(matched("**/one.yaml")).toEqual(["jobs/a/one.yaml", "other/one.yaml"]);
    expect(matched("jobs/[!b]/*.yaml")).toEqual(["jobs/a/one.yaml"]);
    expect(matched("job?/a/one.yaml")).toEqual(["jobs/a/one.yaml"]);
    expect(matched(folder.path("jobs/*/two.yaml"))).toEqual(["jobs/b/two.yaml"]);
  });

  test("that are not there are an error, and so is a glob that matches none", () => {
    expect(places(lint({ paths: ["absent.yaml"] }))).toEqual([":0:0 error LINT_NO_FILES"]);
    expect(places(lint({ paths: ["none/*.yaml"] }))).toEqual([":0:0 error LINT_NO_FILES"]);
    expect(places(lint({ paths: ["."] }))).toEqual([]);
  });

  test("are checked once, however often they are named, and nothing is imported or run", () => {
    folder.write("job.yaml", "mods: {csv_reader: {input_path: '${env.X}'}}");
    const report = lint({ paths: ["job.yaml", ".", "*.yaml"] });
    // The mods' code throws when it is imported.
    expect([report.files.length, report.findings.length]).toEqual([1, 0]);
  });

  test("of YAML with a fault show the line with a caret", () => {
    folder.write("job.yaml", "mods:\n  csv_reader:\n    input_path: x\n   limit: 5\n");
    const text = formatFindings(lint(), "text", folder.root, "1.0.0");
    expect(text.split("\n").slice(1)).toEqual([
      "  3 |     input_path: x",
      "  4 |    limit: 5",
      "    |    ^",
      "1 error in 1 file",
    ]);
  });
});
