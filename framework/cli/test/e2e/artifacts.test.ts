import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type { ArtifactEntry, ArtifactPruneReport, TableComparison } from "@datapy/sdk/artifacts";
import type { LineageGraph } from "@datapy/sdk/lineage";
import { Workspace } from "../support/workspace.js";

let workspace: Workspace;
beforeAll(async () => {
  workspace = new Workspace();
  workspace.write("read.mjs", READ);
  workspace.write("load.mjs", LOAD);
  workspace.write("in.txt", "x");
  workspace.write("job.yaml", JOB);
  await workspace.run(["run-job", "job.yaml", "--set", "mods.read.rows=3"]);
  await workspace.run(["run-job", "job.yaml", "--set", "mods.read.rows=4"]);
});
afterAll(() => workspace.remove());

/** Makes a table, and a page about it. */
const READ = `
import { Path, Type, defineMod, literal, sql } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "read", version: "1.0.0", description: "Reads", category: "source" },
  params: Type.Object({ input_path: Path(), rows: Type.Integer({ default: 3 }) }),
  artifacts: { output_data: { kind: "table", description: "Rows" }, page: { kind: "file", description: "A page" } },
  async run(params, ctx) {
    const query = sql\`select i as id, case when i = 1 then null when i = 2 then '' else 'n' || i end as name, 1152921504606846976 as big
      from range(\${literal(params.rows)}) t(i)\`;
    const file = params.input_path;
    await ctx.data.writeTable("output_data", query, { lineage: {
      id: [{ uri: file, column: "ID" }], name: [{ uri: file, column: "Name", change: "transformation" }], big: [] } });
    const page = await ctx.artifacts.createFile("page", ".txt");
    (await import("node:fs")).writeFileSync(page.path, "one\\ntwo\\n");
    await page.commit();
    return ctx.result.success();
  },
});
`;
const LOAD = `
import { Artifact, Type, defineMod } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "load", version: "1.0.0", description: "Loads", category: "sink" },
  params: Type.Object({ input_artifact: Artifact() }),
  run(params, ctx) {
    ctx.result.addDataset({ role: "output", uri: "postgresql://db:5432/shop/public.people", rows: 3,
      columns: [{ name: "id", type: "bigint" }, { name: "name", type: "text" }],
      lineage: { id: [{ uri: params.input_artifact, column: "id" }], name: [{ uri: params.input_artifact, column: "name" }] } });
    return ctx.result.success();
  },
});
`;
const JOB = `
steps:
  - { id: read, mod: ./read.mjs, params: { input_path: in.txt } }
  - { id: load, mod: ./load.mjs, params: { input_artifact: "\${mods.read.artifacts.output_data}" } }
`;

async function json<Result>(...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await workspace.run([...args, "--json"]);
  expect({ stderr, args, ok: code === 0 || code === 10 }).toEqual({ stderr: "", args, ok: true });
  return JSON.parse(stdout) as Result;
}

it("lists artifacts, shows one with its consumers, and prints it in every form", async () => {
  const list = await json<ArtifactEntry[]>("artifacts", "--key", "output_data");
  expect(list.map(({ step, rows, state }) => [step, rows, state])).toEqual([
    ["read", 4, "present"],
    ["read", 3, "present"],
  ]);
  const [, older] = list;
  expect(older?.checksum).toMatch(/^sha256:[0-9a-f]{64}$/);
  const shown = await workspace.run(["artifacts", "show", older?.id ?? ""]);
  expect(shown.stdout).toMatch(/^ {2}checksum +sha256:/m);
  expect(shown.stdout).toMatch(/^Read by\n {2}load_[0-9a-f]{8}/m);
  const table = (await workspace.run(["artifacts", "head", "read/output_data", "-n", "3"])).stdout;
  expect(table.split("\n")[0]).toMatch(/^id +name +big$/);
  expect(table).toMatch(/^1 +NULL/m);
  const csv = await workspace.run(["artifacts", "cat", older?.path ?? "", "--csv"]);
  expect(csv.stdout).toBe('id,name,big\n0,n0,1152921504606846976\n1,,1152921504606846976\n2,"",1152921504606846976\n');
  expect(JSON.parse((await workspace.run(["artifacts", "cat", older?.id ?? "", "--json"])).stdout)).toEqual([
    { id: 0, name: "n0", big: "1152921504606846976" },
    { id: 1, name: null, big: "1152921504606846976" },
    { id: 2, name: "", big: "1152921504606846976" },
  ]);
  const vertical = await workspace.run(["artifacts", "head", "output_data", "-n", "1", "--vertical"]);
  expect(vertical.stdout).toBe("row 1\n  id    0\n  name  n0\n  big   1152921504606846976\n");
  expect((await workspace.run(["artifacts", "head", "read/page", "-n", "1"])).stdout).toBe("one\n");
  expect(await json("artifacts", "schema", "read/output_data")).toContainEqual({ name: "name", type: "VARCHAR" });
});

it("compares two artifacts, and says by its exit code whether they differ", async () => {
  const [newer = "", older = ""] = (await json<ArtifactEntry[]>("artifacts", "--key", "output_data")).map(
    ({ id }) => id,
  );
  const differ = await workspace.run(["artifacts", "diff", older, newer, "--key", "id"]);
  expect(differ.code).toBe(10);
  expect(differ.stdout).toContain("Rows: 3 before, 4 after; 0 removed, 1 added, 0 changed.");
  expect(differ.stdout).toMatch(/^\+ id: 3, name: n3/m);
  expect(await json<TableComparison>("artifacts", "diff", older, older)).toMatchObject({ equal: true });
  const wrong = await workspace.run(["artifacts", "diff", older, newer, "--key", "nmae"]);
  expect(wrong).toMatchObject({ code: 20, stdout: "" });
  expect(wrong.stderr).toContain("Did you mean name?");
});

it("answers which source columns feed a column of the target", async () => {
  const { stdout } = await workspace.run(["lineage", "people", "--columns"]);
  expect(stdout).toContain("postgresql://db:5432/shop/public.people comes from\n└─ job: load");
  expect(stdout).toMatch(/^name +.*in\.txt: Name +transformation +read → load$/m);
  const down = await json<LineageGraph>("lineage", "in.txt", "--down", "--column", "ID");
  expect(down.columns).toMatchObject([{ kind: "target", other: "id", change: "identity" }]);
  expect((await workspace.run(["lineage", "people", "--mermaid"])).stdout).toMatch(/^flowchart LR\n/);
  const unknown = await workspace.run(["lineage", "peeple"]);
  expect(unknown).toMatchObject({ code: 20, stdout: "" });
  expect(unknown.stderr).toContain("DATAPY_DATASET_UNKNOWN");
});

it("removes artifacts by the limits of the command line and of the project", async () => {
  const none = await workspace.run(["artifacts", "prune"]);
  expect(none).toMatchObject({ code: 20 });
  const dry = await json<ArtifactPruneReport>("artifacts", "prune", "--max-size", "1B", "--dry-run");
  expect(dry.removed).toHaveLength(2);
  expect(readdirSync(path.join(workspace.folder, ".datapy/artifacts"))).toHaveLength(2);
  workspace.write("project_defaults.yaml", "retention:\n  artifacts: { older_than: 0s, max_size: 1 B }\n");
  expect((await json<ArtifactPruneReport>("artifacts", "prune")).removed).toHaveLength(2);
  expect(await json("artifacts")).toEqual([]);
  expect((await json<ArtifactEntry[]>("artifacts", "--all")).every(({ state }) => state === "gone")).toBe(true);
  workspace.write("project_defaults.yaml", "retention:\n  artifacts: { max_size: much }\n");
  expect((await workspace.run(["artifacts", "prune"])).stderr).toContain("retention.artifacts.max_size");
  workspace.write("project_defaults.yaml", "");
});

it("writes definitions for schedulers, and says what they cannot be told", async () => {
  const printed = await workspace.run(["export", "job.yaml", "--to", "airflow"]);
  expect(printed).toMatchObject({ code: 10, stderr: expect.stringContaining("no `schedule`") as string });
  expect(printed.stdout).toContain('COMMAND = ["datapy", "run-job", "job.yaml"]');
  const written = await workspace.run(["export", "job.yaml", "--to", "cron", "-o", "deploy", "--retries", "0"]);
  expect(written.stdout.trim().split("\n")).toEqual([
    path.join(workspace.folder, "deploy/job.cron"),
    path.join(workspace.folder, "deploy/job.sh"),
  ]);
  expect(readFileSync(path.join(workspace.folder, "deploy/job.sh"), "utf8")).toContain("datapy run-job job.yaml");
  const wrong = await workspace.run(["export", "in.txt", "--to", "cron"]);
  expect(wrong).toMatchObject({ code: 20, stdout: "" });
  expect(existsSync(path.join(workspace.folder, "in.cron"))).toBe(false);
});
