import { loadConfiguration } from "../../src/config/load-configuration.js";
import type { ConfigurationRequest } from "../../src/config/configuration-types.js";
import type { FaultList } from "../../src/faults.js";
import { refuseLintErrors } from "../../src/lint/refuse-lint-errors.js";
import { installFakeMods } from "../support/fake-mods.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
beforeEach(() => {
  folder = new ProjectFolder();
  installFakeMods(folder);
});
afterEach(() => folder.remove());

async function refused(request: Partial<ConfigurationRequest>, mod?: string): Promise<string[]> {
  const configuration = await loadConfiguration({ cwd: folder.root, env: process.env, ...request });
  try {
    refuseLintErrors({ configuration, env: process.env, ...(mod === undefined ? {} : { mod }) });
    return [];
  } catch (error) {
    return (error as FaultList).faults.map(
      (one) => `${one.code.replace("DATAPY_", "")}:${one.location?.line ?? 0} ${one.exitCode}`,
    );
  }
}

const good = "mods:\n  csv_reader: {input_path: '${env.X}'}\n";

describe("a run is refused before anything starts", () => {
  test("for any error in the job file, of whichever mod", async () => {
    const job = folder.write(
      "job.yaml",
      `${good}  data_cleaner: {null_strategy: dorp}\n  database_writer: {table_name: t}\n`,
    );
    expect(await refused({ file: { path: job } }, "csv-reader")).toEqual([
      "PARAMETER_INVALID:3 20",
      "PARAMETER_MISSING:4 20",
    ]);
  });

  test("for an unknown key of the project, not for its other mods' parameters", async () => {
    folder.write("project_defaults.yaml", "mod_default: {}\nmod_defaults: {database_writer: {nonsense: 1}}");
    expect(await refused({}, "csv-reader")).toEqual(["KEY_UNKNOWN:1 20"]);
  });

  test("not for warnings, nor for what --set and --env put right", async () => {
    folder.write(
      "project_defaults.yaml",
      "environments: {dev: {mod_defaults: {database_writer: {connection_string: '${env.X}'}}}}",
    );
    const job = folder.write("job.yaml", `globals: {unused: 1}\n${good}  database_writer: {}\n`);
    expect(await refused({ file: { path: job } })).toEqual(["PARAMETER_MISSING:4 20", "PARAMETER_MISSING:4 20"]);
    expect(
      await refused({ file: { path: job }, environmentName: "dev", sets: ["mods.database_writer.table_name=t"] }),
    ).toEqual([]);
  });

  test("for an unknown mod; but not that of another step when one mod runs, unless its name is a slip for that one", async () => {
    const job = folder.write("job.yaml", `${good}  far_away: {x: 1}\n`);
    expect(await refused({ file: { path: job } })).toEqual(["MOD_UNKNOWN:3 20"]);
    expect(await refused({ file: { path: job } }, "csv-reader")).toEqual([]);
    const slip = folder.write("slip.yaml", "mods:\n  csv_raeder: {input_path: x}\n");
    expect(await refused({ file: { path: slip } }, "csv-reader")).toEqual(["MOD_UNKNOWN:2 20"]);
  });

  test("and a flat file is left to the run itself", async () => {
    const file = folder.write("params.yaml", "nonsense: 1");
    expect(await refused({ file: { path: file } }, "csv-reader")).toEqual([]);
  });
});
