import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { defineMod, Path, Secret, Type } from "@datapy/mod-kit";
import type { ModDefinition, TObject } from "@datapy/mod-kit";
import type { RegisteredMod } from "@datapy/sdk/registry";
import { checkImport } from "../src/checks/check-import.js";
import { checkNames, checkSecrets } from "../src/checks/check-names.js";
import { checkArtifacts, checkCanceled, checkMetrics } from "../src/checks/check-run.js";
import { README_END, README_START, withTables } from "../src/checks/readme-tables.js";
import { chooseKills } from "../src/faults/killable-runs.js";
import type { LoadedMod } from "../src/mod-package.js";
import { watchedRun } from "../src/watched-run.js";
import { openWorkplace } from "../src/workplace.js";
import type { Workplace } from "../src/workplace.js";

const metadata = { name: "faulty", version: "1.0.0", description: "A mod with a fault" };

function modWith(params: TObject): LoadedMod {
  const definition = defineMod({ metadata, params, run: (_params, ctx) => Promise.resolve(ctx.result.success()) });
  return { definition: definition, registered: { name: "faulty" } as RegisteredMod };
}

describe("names and secrets", () => {
  test("a spelling of its own, camel case and a lacking description are told by name", () => {
    const described = { description: "What it is" };
    expect(() => checkNames(modWith(Type.Object({ separator: Type.String(described) })))).toThrow(
      "separator is called delimiter everywhere",
    );
    expect(() => checkNames(modWith(Type.Object({ inputPath: Path(described) })))).toThrow("snake_case: inputPath");
    expect(() => checkNames(modWith(Type.Object({ limit: Type.Integer() })))).toThrow("a description: limit");
    checkNames(modWith(Type.Object({ input_path: Path(described), limit: Type.Integer(described) })));
  });

  test("a secret that is none is found at every depth", () => {
    const nested = Type.Object({ auth: Type.Object({ client_secret: Type.String() }), api_key: Secret() });
    expect(() => checkSecrets(modWith(nested))).toThrow("auth.client_secret");
    checkSecrets(modWith(Type.Object({ auth: Type.Object({ client_secret: Secret() }), use_token: Type.Boolean() })));
  });
});

describe("import", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "datapy-testkit-test-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ["prints", "console.log('hello')", "prints nothing"],
    [
      "keeps a timer",
      "const timer = setInterval(() => {}, 50); setTimeout(() => clearInterval(timer), 300)",
      "Timeout",
    ],
    ["sets a global", "globalThis.mine = 1", "mine"],
    ["listens", "process.on('beforeExit', () => {})", "beforeExit"],
    ["ends the process", "process.exit(3)", "exit code"],
  ])("a module that %s is caught", async (name, source, message) => {
    const file = path.join(folder, `${name.replace(/ /g, "-")}.mjs`);
    writeFileSync(file, source);
    await expect(checkImport(file)).rejects.toThrow(message);
  });

  test("a module that does nothing is let through", async () => {
    const file = path.join(folder, "quiet.mjs");
    writeFileSync(file, "export default 1");
    await checkImport(file);
  });
});

describe("runs", () => {
  let place: Workplace;
  beforeAll(() => {
    place = openWorkplace();
  });
  afterAll(() => place.close());

  const table = { kind: "table", description: "Rows" } as const;
  const running = (run: ModDefinition["run"], artifacts: ModDefinition["artifacts"] = {}): ModDefinition =>
    defineMod({ metadata, params: Type.Object({}), artifacts, run });

  test("an artifact that was not made, or not declared, and a host's or a strange metric are told", async () => {
    const makesNone = running((_params, ctx) => Promise.resolve(ctx.result.success()), { output_data: table });
    const none = await watchedRun(makesNone, place, {});
    expect(() => checkArtifacts(makesNone, none)).toThrow("not `optional`: output_data");

    const makesOther = running((_params, ctx) => {
      ctx.result.addArtifact("report", "report.html");
      ctx.result.addMetric("rows_written", 1);
      ctx.result.addMetric("memory_used_mb", 1);
      return Promise.resolve(ctx.result.success());
    });
    const other = await watchedRun(makesOther, place, {});
    expect(() => checkArtifacts(makesOther, other)).toThrow("declared in defineMod: report");
    expect(() => checkMetrics(other)).toThrow("memory_used_mb");
    expect(() => checkMetrics({ ...other, metrics: new Set(["rows_written"]) })).toThrow("called rows_output");
  });

  test("a mod that waits for its signal passes when canceled", async () => {
    const waits = running(
      (_params, ctx) =>
        new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason as Error));
        }),
    );
    const canceled = await watchedRun(waits, place, {}, { cancel: true });
    expect(canceled.envelope).toMatchObject({ status: "error", exit_code: 50 });
    await checkCanceled(canceled, place);
  });
});

describe("README and kills", () => {
  const described = { name: "one", parameters: [], artifacts: [] };

  test("tables go between the marks, and only there", () => {
    expect(withTables("# One", [described])).toBeUndefined();
    const filled = withTables(`before\n${README_START}\nold\n${README_END}\nafter`, [described]);
    expect(filled).toContain("It takes no parameters.");
    expect(filled?.startsWith("before\n") === true && filled.endsWith("\nafter")).toBe(true);
    expect(filled).not.toContain("old");
    expect(withTables(filled ?? "", [described])).toBe(filled);
  });

  test("every moment is used once before any is used again", () => {
    const moments = ["open", "batch", "batch", "batch", "commit"];
    expect(chooseKills(moments, 3)).toEqual([
      { name: "open", nth: 1 },
      { name: "batch", nth: 1 },
      { name: "commit", nth: 1 },
    ]);
    expect(chooseKills(moments, 9).slice(3)).toEqual([
      { name: "batch", nth: 3 },
      { name: "batch", nth: 2 },
    ]);
  });
});
