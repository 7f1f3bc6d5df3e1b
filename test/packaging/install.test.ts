// The way of a user, from nothing: the packages are published to a registry, the command is installed from it on a machine that has Node and
// npm only, mods are installed with it and run. Another team's mods, written against the published mod-kit, go the same way.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import Ajv from "ajv";
import {
  commonJsMod,
  brokenMod,
  emptyMod,
  esModuleMod,
  hookedMod,
  throwingMod,
  writePackage,
} from "./support/acme-mods.js";
import type { PackageFiles } from "./support/acme-mods.js";
import { createCleanMachine } from "./support/clean-machine.js";
import type { CleanMachine } from "./support/clean-machine.js";
import { serveInstalledPackages } from "./support/installed-packages-registry.js";
import { publishWorkspace } from "./support/publish-workspace.js";
import type { CommandResult } from "./support/run-command.js";
import { startVerdaccio } from "./support/verdaccio.js";
import { repositoryRoot, workspacePackages } from "./support/workspace-packages.js";

interface Envelope {
  status: string;
  exit_code?: number;
  metrics: Record<string, unknown>;
  artifacts: Record<string, string>;
  errors: string[];
  logs: { log_file: string; run_id: string };
}

let scratch: string;
let machine: CleanMachine;
let closers: (() => Promise<void>)[] = [];

async function publish(name: string, files: PackageFiles): Promise<void> {
  await machine.npm(["publish", "--ignore-scripts"], writePackage(path.join(scratch, name), files));
}

beforeAll(async () => {
  scratch = mkdtempSync(path.join(os.tmpdir(), "datapy-registry-"));
  const installed = await serveInstalledPackages(repositoryRoot, path.join(scratch, "installed"));
  closers.push(() => installed.close());
  const registry = await startVerdaccio(path.join(scratch, "verdaccio"), installed.url);
  closers.push(() => registry.close());
  await publishWorkspace(registry, path.join(scratch, "workspace"));
  machine = createCleanMachine(registry.npmrc);
  closers.push(async () => machine.remove());
  await machine.npm(["install", "--global", "@datapy/cli"]);
  const acme = { commonJsMod, esModuleMod, throwingMod, brokenMod, emptyMod, hookedMod };
  await Promise.all(Object.entries(acme).map(([name, files]) => publish(name, files)));
}, 600_000);

afterAll(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
});

function envelopeOf(result: CommandResult): Envelope {
  const lines = result.stdout.trim().split("\n");
  if (lines.length !== 1)
    throw new Error(`not one envelope on stdout:\n${result.stdout}\n--- stderr\n${result.stderr}`);
  const envelope = JSON.parse(lines[0]!) as Envelope;
  const schema = JSON.parse(
    readFileSync(path.join(repositoryRoot, "framework/mod-kit/schemas/envelope.schema.json"), "utf8"),
  ) as object;
  const ajv = new Ajv({ strict: false });
  if (!ajv.validate(schema, envelope)) throw new Error(ajv.errorsText());
  expect(envelope.exit_code ?? result.status).toBe(result.status);
  return envelope;
}

async function install(...packages: string[]): Promise<void> {
  for (const name of packages) {
    const result = await machine.datapy(["plugins:install", name]);
    expect({ name, status: result.status, output: result.stdout + result.stderr }).toMatchObject({ status: 0 });
  }
}

const modNames = async (): Promise<string[]> => {
  const { stdout, status, stderr } = await machine.datapy(["mods", "--json"]);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return (JSON.parse(stdout) as { mods: { name: string }[] }).mods.map((one) => one.name);
};

test("the command is there, knows its version and works before any mod is installed", async () => {
  const { version } = workspacePackages().find((one) => one.name === "cli")!.manifest;
  expect(await machine.datapy(["--version"])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(version) as string,
  });
  expect(await machine.datapy(["mods"])).toMatchObject({ status: 0 });
  const unknown = await machine.datapy(["run-mod", "no-such-mod"]);
  expect(unknown.status).toBe(20);
  expect(envelopeOf(unknown).errors[0]).toContain("no-such-mod");
});

test("the CSV reader is installed by its name and reads a file", async () => {
  await install("@datapy/mod-csv-reader");
  writeFileSync(path.join(machine.work, "customers.csv"), "id|name|since\n007|Ada|2024-01-31\n008|Grace|2024-02-29\n");
  writeFileSync(path.join(machine.work, "params.yaml"), "input_path: customers.csv\ndelimiter: '|'\n");
  const result = await machine.datapy(["run-mod", "csv-reader", "-p", "params.yaml"]);
  const envelope = envelopeOf(result);
  expect(envelope).toMatchObject({ status: "success", metrics: { rows_output: 2 } });
  expect(readFileSync(envelope.artifacts["output_data"]!).subarray(0, 4).toString()).toBe("PAR1");
  expect(readFileSync(envelope.logs.log_file, "utf8")).toContain(envelope.logs.run_id);
  expect((await modNames()).filter((name) => name === "csv-reader")).toEqual(["csv-reader"]);
});

test.each([
  ["CommonJS", "@acme/mod-counter", "counter"],
  ["an ES module", "@acme/mod-teller", "teller"],
])("another team's mod in %s is installed and run the same way", async (_kind, packageName, mod) => {
  await install(packageName);
  const good = envelopeOf(await machine.datapy(["run-mod", mod, "--set", "limit=3"]));
  expect(good).toMatchObject({ status: "success", metrics: { rows_output: 3 } });
  const bad = await machine.datapy(["run-mod", mod, "--set", "limits=3"]);
  expect(bad.status).toBe(20);
  expect(envelopeOf(bad).errors.join("\n")).toMatch(/limits[^]*limit/);
  for (const spelling of [packageName, mod.toUpperCase() === mod ? mod : `datapy.mods.sources.${mod}`]) {
    expect(envelopeOf(await machine.datapy(["run-mod", spelling, "--set", "limit=1"])).status).toBe("success");
  }
});

test("another team describes its mod by a manifest that the command writes", async () => {
  const folder = writePackage(path.join(machine.work, "mod-counter"), commonJsMod);
  await machine.npm(["install", "--ignore-scripts"], folder);
  const written = await machine.datapy(["mods", "manifest", folder]);
  expect(written).toMatchObject({ status: 0 });
  const manifest = JSON.parse(readFileSync(path.join(folder, "datapy.manifest.json"), "utf8")) as unknown;
  expect(JSON.stringify(manifest)).toContain("Where to stop");
});

test("a mod that cannot be used is refused by name, and the others go on working", async () => {
  await install("@acme/mod-counter");
  // Found out when it is installed, or when it is run; in both cases by its name, and without a trace of it in the others' way.
  for (const [packageName, mod, reason] of [
    ["@acme/mod-thrower", "thrower", "acme forgot a file"],
    ["@acme/mod-broken", "broken", "description"],
    ["@acme/mod-empty", "empty", "index.js"],
    ["@acme/mod-hooked", "hooked", "oclif"],
  ] as const) {
    const installed = await machine.datapy(["plugins:install", packageName]);
    if (installed.status !== 0) {
      expect(installed.stderr).toContain(packageName);
      expect(installed.stderr).toContain(reason);
    } else {
      const run = await machine.datapy(["run-mod", mod]);
      expect(run.status).toBe(20);
      const said = envelopeOf(run).errors.join("\n");
      expect(said).toContain(mod);
      expect(said).toContain(reason);
    }
    expect(envelopeOf(await machine.datapy(["run-mod", "counter", "--set", "limit=1"])).status).toBe("success");
  }
});

test("a damaged folder of an installed mod is reported by name, and the others go on working", async () => {
  await install("@acme/mod-counter", "@acme/mod-teller");
  const file = path.join(machine.dataDir, "node_modules", "@acme", "mod-teller", "package.json");
  const whole = readFileSync(file);
  try {
    for (const damage of [() => truncateSync(file, 40), () => rmSync(path.dirname(file), { recursive: true })]) {
      damage();
      const listed = await machine.datapy(["mods"]);
      expect(listed.stdout).toContain("counter");
      expect(listed.stdout).not.toMatch(/^teller/m);
      expect(listed.stderr).toContain("@acme/mod-teller");
      expect(envelopeOf(await machine.datapy(["run-mod", "counter", "--set", "limit=1"])).status).toBe("success");
      const gone = await machine.datapy(["run-mod", "teller", "--set", "limit=1"]);
      expect(gone.status).toBe(20);
      expect(envelopeOf(gone).errors.join("\n")).toContain("teller");
    }
  } finally {
    writePackage(path.dirname(file), { "package.json": whole.toString() });
    await machine.datapy(["plugins:uninstall", "@acme/mod-teller"]);
  }
});

test("the published types are those that a mod is written against", async () => {
  const folder = writePackage(path.join(scratch, "typed"), {
    "package.json": JSON.stringify({ name: "typed", private: true, dependencies: { "@datapy/mod-kit": "1.0.0" } }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        module: "Node16",
        moduleResolution: "Node16",
        target: "ES2022",
        strict: true,
        noEmit: true,
        types: [],
        lib: ["ES2023", "DOM"],
      },
      include: ["*.ts"],
    }),
    "good.ts":
      'import { defineMod, Type } from "@datapy/mod-kit";\nexport default defineMod({ metadata: { name: "a", version: "1.0.0", description: "b" }, params: Type.Object({ n: Type.Integer() }), run: (params, ctx) => { ctx.result.addMetric("n", params.n.toFixed()); return ctx.result.success(); } });\n',
    "wrong.ts":
      'import { defineMod, Type } from "@datapy/mod-kit";\n// @ts-expect-error no description\nexport default defineMod({ metadata: { name: "a", version: "1.0.0" }, params: Type.Object({}), run: (_params, ctx) => ctx.result.success() });\n',
  });
  await machine.npm(["install", "--ignore-scripts"], folder);
  const { mustRun } = await import("./support/run-command.js");
  await mustRun(process.execPath, [path.join(repositoryRoot, "node_modules/typescript/bin/tsc"), "-p", folder], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "" },
  });
});
