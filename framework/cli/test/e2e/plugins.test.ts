import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { modSource, packMod, packTarball, packageJson } from "../support/mod-package.js";
import { RegistryServer } from "../support/registry-server.js";
import { Workspace } from "../support/workspace.js";
import type { Outcome } from "../support/workspace.js";

let workspace: Workspace;
/** The workspace of a group of tests that change nothing. */
let shared: Workspace | undefined;
beforeEach(() => {
  workspace = shared ?? new Workspace();
});
afterEach(() => {
  if (shared === undefined) workspace.remove();
});

/** Names of what `datapy plugins` and `datapy mods` list. */
async function installed(): Promise<{ packages: string[]; mods: string[] }> {
  const plugins = JSON.parse((await workspace.run(["plugins", "--json"])).stdout) as {
    packages: { package: string; version: string }[];
  };
  const mods = JSON.parse((await workspace.run(["mods", "--json"])).stdout) as {
    mods: { name: string; version: string }[];
  };
  return {
    packages: plugins.packages.map((one) => `${one.package}@${one.version}`),
    mods: mods.mods.map((one) => `${one.name}@${one.version}`),
  };
}

function expectRefused(outcome: Outcome, code: string, exitCode: number, ...texts: string[]): void {
  expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code: exitCode, stdout: "" });
  expect(outcome.stderr).toContain(`error ${code}: `);
  for (const text of texts) expect(outcome.stderr).toContain(text);
}

describe("plugins install of a tarball", () => {
  test("makes its mods runnable, without a network, and keeps what npm says off stdout", async () => {
    const outcome = await workspace.run(["plugins:install", packMod("@acme/mod-hello")]);
    expect(outcome).toMatchObject({ code: 0, stdout: "Installed @acme/mod-hello 1.0.0: hello\n" });
    expect(await installed()).toEqual({ packages: ["@acme/mod-hello@1.0.0"], mods: ["hello@1.0.0"] });

    const inspected = await workspace.run(["plugins", "inspect", "hello", "--json"]);
    expect(inspected.code).toBe(0);
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      package: "@acme/mod-hello",
      version: "1.0.0",
      type: "installed",
      mods: [{ name: "hello" }],
      problems: [],
    });

    const removed = await workspace.run(["plugins:uninstall", "hello"]);
    expect(removed).toMatchObject({ code: 0, stdout: "Removed @acme/mod-hello\n" });
    expect(await installed()).toEqual({ packages: [], mods: [] });
    expect(readdirSync(path.join(workspace.dataDirectory, "tarballs"))).toEqual([]);
  });

  test("takes a relative path, and needs the file no longer once it is installed", async () => {
    const file = packMod("@acme/mod-hello");
    const cwd = path.dirname(file);
    expect(await workspace.run(["plugins", "install", "./package.tgz", "--json"], { cwd })).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({ installed: [{ package: "@acme/mod-hello", version: "1.0.0", mods: ["hello"] }] }, undefined, 2)}\n`,
    });
    rmSync(cwd, { recursive: true });
    expect(await workspace.run(["plugins", "install", packMod("@acme/mod-other")])).toMatchObject({ code: 0 });
    expect((await installed()).mods).toEqual(["hello@1.0.0", "other@1.0.0"]);
  });

  test("keeps two tarballs of one file name apart", async () => {
    const files = [packMod("@acme/mod-one", "1.0.0", "mod.tgz"), packMod("@acme/mod-two", "1.0.0", "mod.tgz")];
    expect(await workspace.run(["plugins", "install", ...files])).toMatchObject({ code: 0 });
    expect((await installed()).packages).toEqual(["@acme/mod-one@1.0.0", "@acme/mod-two@1.0.0"]);
  });

  test("loses nothing when several commands install at once", async () => {
    const names = ["a", "b", "c"];
    const outcomes = await Promise.all(
      names.map((name) => workspace.run(["plugins", "install", packMod(`@acme/mod-${name}`)])),
    );
    expect(outcomes.map((one) => one.code)).toEqual([0, 0, 0]);
    expect(outcomes.some((one) => one.stderr.includes("Waiting for another `datapy plugins` command"))).toBe(true);
    expect((await installed()).mods).toEqual(["a@1.0.0", "b@1.0.0", "c@1.0.0"]);
  });

  test("takes over the lock of a command that was killed", async () => {
    mkdirSync(workspace.dataDirectory, { recursive: true });
    const lock = path.join(workspace.dataDirectory, ".plugins.lock");
    writeFileSync(lock, JSON.stringify({ pid: 41_943_041, host: os.hostname() }));
    expect(await workspace.run(["plugins", "install", packMod("@acme/mod-a")])).toMatchObject({ code: 0 });
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: "another machine" }));
    utimesSync(lock, new Date(0), new Date(0));
    expect(await workspace.run(["plugins", "uninstall", "a"])).toMatchObject({ code: 0 });
    expect(existsSync(lock)).toBe(false);
  });

  test("switches install scripts off, unless the data directory's .npmrc says otherwise", async () => {
    await workspace.run(["plugins", "install", packMod("@acme/mod-a")]);
    const npmrc = path.join(workspace.dataDirectory, ".npmrc");
    expect(readFileSync(npmrc, "utf8")).toContain("ignore-scripts=true");
    writeFileSync(npmrc, "ignore-scripts = false\n");
    await workspace.run(["plugins", "install", packMod("@acme/mod-b")]);
    expect(readFileSync(npmrc, "utf8")).toBe("ignore-scripts = false\n");
  });

  test("runs no install script of a package", async () => {
    const mark = path.join(workspace.folder, "script-ran");
    const manifest = packageJson("@acme/mod-script", "1.0.0", {
      scripts: { install: `node -e "require('fs').writeFileSync('${mark}','')"` },
    });
    expect(
      await workspace.run(["plugins", "install", packTarball(manifest, { "index.js": modSource("script") })]),
    ).toMatchObject({ code: 0 });
    expect(existsSync(mark)).toBe(false);
  });
});

describe("plugins install refuses, and leaves everything as it was,", () => {
  beforeAll(async () => {
    workspace = shared = new Workspace();
    expect(await workspace.run(["plugins", "install", packMod("@acme/mod-good")])).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    expect(await installed()).toEqual({ packages: ["@acme/mod-good@1.0.0"], mods: ["good@1.0.0"] });
    shared?.remove();
    shared = undefined;
  });
  afterEach(() => {
    const list = JSON.parse(readFileSync(path.join(workspace.dataDirectory, "package.json"), "utf8")) as {
      dependencies: object;
      oclif: { plugins: object[] };
    };
    expect(Object.keys(list.dependencies)).toEqual(["@acme/mod-good"]);
    expect(list.oclif.plugins).toEqual([expect.objectContaining({ name: "@acme/mod-good" })]);
    expect(readdirSync(path.join(workspace.dataDirectory, "node_modules/@acme"))).toEqual(["mod-good"]);
  });

  test.each([
    ["csv-reader", "@datapy/mod-csv-reader"],
    ["csv_reader", "@datapy/mod-csv-reader"],
    ["mod-s3-uploader", "@datapy/mod-s3-uploader"],
    ["csv-reader@1.2.3", "@datapy/mod-csv-reader@1.2.3"],
  ])("the short name %s, which may be anybody's", async (given, meant) => {
    expectRefused(
      await workspace.run(["plugins:install", given]),
      "DATAPY_PLUGIN_SOURCE",
      20,
      `Did you mean \`datapy plugins install ${meant}\`?`,
    );
  });

  test("owner/repository, a folder, a file that is not there", async () => {
    expectRefused(
      await workspace.run(["plugins:install", "acme/mod-x"]),
      "DATAPY_PLUGIN_SOURCE",
      20,
      "named by their whole URL",
    );
    expectRefused(
      await workspace.run(["plugins:install", "."]),
      "DATAPY_PLUGIN_SOURCE",
      20,
      "this is a folder",
      "datapy plugins link",
    );
    expectRefused(
      await workspace.run(["plugins:install", "./nowhere.tgz"]),
      "DATAPY_PLUGIN_SOURCE",
      20,
      "there is no file",
    );
    expectRefused(
      await workspace.run(["plugins:install", "nowhere.tgz"]),
      "DATAPY_PLUGIN_SOURCE",
      20,
      "there is no file",
    );
  });

  test("a file that is no tarball of a package", async () => {
    const file = workspace.write("notes.tgz", "not packed");
    expectRefused(
      await workspace.run(["plugins:install", file]),
      "DATAPY_PLUGIN_SOURCE",
      20,
      "cannot be read as a package",
      "npm pack",
    );
  });

  test("a package that is no package of mods", async () => {
    const file = packTarball({ name: "@acme/plain", version: "1.0.0" }, { "index.js": "" });
    expectRefused(
      await workspace.run(["plugins:install", file]),
      "DATAPY_PLUGIN_NOT_A_MOD",
      20,
      "@acme/plain",
      '"datapy" key',
    );
  });

  test.each([
    ["commands", { commands: "./commands" }],
    ["hooks", { hooks: { init: "./init.js" } }],
  ])("a package with oclif %s, which would run inside datapy", async (key, oclif) => {
    const file = packTarball(packageJson("@acme/mod-spy", "1.0.0", { oclif }), {
      "index.js": modSource("spy"),
      "init.js": "",
    });
    expectRefused(await workspace.run(["plugins:install", file]), "DATAPY_PLUGIN_NOT_A_MOD", 20, "@acme/mod-spy", key);
  });

  test("a package for a contract that this host does not know", async () => {
    const file = packTarball(packageJson("@acme/mod-new", "1.0.0", { datapy: { contract: 9, mods: [] } }), {
      "index.js": "",
    });
    expectRefused(
      await workspace.run(["plugins:install", file]),
      "DATAPY_PLUGIN_NOT_A_MOD",
      20,
      "DATAPY_CONTRACT_UNKNOWN",
    );
  });

  test("a package whose entry file is missing", async () => {
    const file = packTarball(packageJson("@acme/mod-hollow"), {});
    expectRefused(
      await workspace.run(["plugins:install", file]),
      "DATAPY_PLUGIN_UNUSABLE",
      20,
      "@acme/mod-hollow",
      "DATAPY_ENTRY_MISSING",
    );
  });

  test("a broken new version of what is installed", async () => {
    const file = packTarball(packageJson("@acme/mod-good", "2.0.0"), {});
    expectRefused(await workspace.run(["plugins:install", file]), "DATAPY_PLUGIN_UNUSABLE", 20, "DATAPY_ENTRY_MISSING");
    const run = await workspace.run(["run-mod", "good"]);
    expect(JSON.parse(run.stdout)).toMatchObject({ status: "success", globals: { ran: "good 1.0.0" } });
  });

  test("also with --json, on stdout", async () => {
    const outcome = await workspace.run(["plugins", "install", "csv-reader", "--json"]);
    expect(outcome.code).toBe(20);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code: "DATAPY_PLUGIN_SOURCE", exit_code: 20 } });
  });
});

describe("plugins install from a registry", () => {
  const server = new RegistryServer();
  beforeAll(() => server.listen());
  afterAll(() => server.close());
  beforeEach(() => {
    server.failing = undefined;
    workspace.write("../home/.npmrc", `registry=${server.url}/\nfetch-retries=0\n`);
  });

  function publish(name: string, version: string): void {
    server.publish(packageJson(name, version), packMod(name, version));
  }

  test("installs a version, updates it, and says which", async () => {
    publish("@acme/mod-fresh", "1.0.0");
    expect(await workspace.run(["plugins", "install", "@acme/mod-fresh"])).toMatchObject({
      code: 0,
      stdout: "Installed @acme/mod-fresh 1.0.0: fresh\n",
    });
    expect(await workspace.run(["plugins", "update"])).toMatchObject({
      code: 0,
      stdout: "Everything is up to date.\n",
    });
    publish("@acme/mod-fresh", "1.1.0");
    expect(await workspace.run(["plugins:update", "--json"])).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({ updated: [{ package: "@acme/mod-fresh", from: "1.0.0", to: "1.1.0" }] }, undefined, 2)}\n`,
    });
    expect(await workspace.run(["plugins:install", "@acme/mod-fresh@1.0.0"])).toMatchObject({
      code: 0,
      stdout: "Installed @acme/mod-fresh 1.0.0: fresh\n",
    });
    expect((await installed()).mods).toEqual(["fresh@1.0.0"]);
  });

  test("keeps everything when an update is broken", async () => {
    publish("@acme/mod-worse", "1.0.0");
    await workspace.run(["plugins", "install", "@acme/mod-worse"]);
    server.publish(packageJson("@acme/mod-worse", "1.1.0"), packTarball(packageJson("@acme/mod-worse", "1.1.0"), {}));
    expectRefused(
      await workspace.run(["plugins", "update"]),
      "DATAPY_PLUGIN_UNUSABLE",
      20,
      "@acme/mod-worse",
      "DATAPY_ENTRY_MISSING",
    );
    expect((await installed()).mods).toEqual(["worse@1.0.0"]);
  });

  test("an unknown package or version is 20, a registry that fails or is away is 30", async () => {
    publish("@acme/mod-fresh", "1.0.0");
    expectRefused(
      await workspace.run(["plugins", "install", "@acme/mod-unheard"]),
      "DATAPY_PLUGIN_NOT_FOUND",
      20,
      "@acme/mod-unheard",
    );
    expectRefused(
      await workspace.run(["plugins", "install", "@acme/mod-fresh@9.9.9"]),
      "DATAPY_PLUGIN_NOT_FOUND",
      20,
      "@acme/mod-fresh@9.9.9",
    );
    server.failing = 503;
    expectRefused(
      await workspace.run(["plugins", "install", "@acme/mod-fresh"]),
      "DATAPY_PLUGIN_NPM_FAILED",
      30,
      "503",
    );
    const env = { DATAPY_NPM_REGISTRY: "http://127.0.0.1:9/" };
    expectRefused(
      await workspace.run(["plugins", "install", "@acme/mod-fresh"], { env }),
      "DATAPY_PLUGIN_NPM_FAILED",
      30,
      "ECONNREFUSED",
    );
    expect(await installed()).toEqual({ packages: [], mods: [] });
  });
});

test("credentials in a URL are shown nowhere", async () => {
  const outcome = await workspace.run(["plugins", "install", "https://me:hunter2@127.0.0.1:9/mod-x.tgz"]);
  expectRefused(outcome, "DATAPY_PLUGIN_NPM_FAILED", 30, "https://***@127.0.0.1:9/mod-x.tgz");
  expect(outcome.stderr).not.toContain("hunter2");
});

describe("plugins link", () => {
  test("uses the folder as it stands, before an installed package of the same name", async () => {
    await workspace.run(["plugins", "install", packMod("@acme/mod-mine")]);
    const root = path.dirname(
      workspace.write("mine/package.json", JSON.stringify(packageJson("@acme/mod-mine", "2.0.0-dev"))),
    );
    workspace.write("mine/index.js", modSource("mine", "2.0.0-dev"));
    const outcome = await workspace.run(["plugins:link", root, "--no-install"]);
    expect(outcome).toMatchObject({ code: 0, stdout: `Linked @acme/mod-mine 2.0.0-dev from ${root}: mine\n` });
    expect(await installed()).toEqual({ packages: ["@acme/mod-mine@2.0.0-dev"], mods: ["mine@2.0.0-dev"] });
    expect(await workspace.run(["plugins", "unlink", root])).toMatchObject({
      code: 0,
      stdout: "Removed @acme/mod-mine\n",
    });
    expect(existsSync(path.join(root, "index.js"))).toBe(true);
  });

  test("runs a mod whose package is not built and not installed yet, linked or by its folder", async () => {
    const mods = [{ name: "draft", category: "solo", entry: "./src/draft.ts", description: "At work on" }];
    const datapy = { contract: 1, mods };
    const root = path.dirname(
      workspace.write("draft/package.json", JSON.stringify(packageJson("@acme/mod-draft", "0.1.0", { datapy }))),
    );
    workspace.write(
      "draft/src/draft.ts",
      `import { Type, defineMod } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "draft", version: "0.1.0", description: "At work on", category: "solo" },
  params: Type.Object({ word: Type.String({ default: "yes" }) }),
  run(params, ctx) {
    ctx.result.addGlobal("word", params.word satisfies string);
    return ctx.result.success();
  },
});
`,
    );
    expect(await workspace.run(["plugins", "link", root, "--no-install"])).toMatchObject({ code: 0 });
    for (const reference of ["draft", "./draft"]) {
      const { stdout } = await workspace.run(["run-mod", reference]);
      expect(JSON.parse(stdout)).toMatchObject({ status: "success", globals: { word: "yes" } });
    }
  });

  test("refuses what is no package of mods", async () => {
    expectRefused(
      await workspace.run(["plugins", "link", "."]),
      "DATAPY_PLUGIN_NOT_A_MOD",
      20,
      "it has no package.json",
    );
    workspace.write("package.json", "{");
    expectRefused(await workspace.run(["plugins", "link"]), "DATAPY_PLUGIN_NOT_A_MOD", 20, "gives no name and version");
    workspace.write("package.json", JSON.stringify(packageJson("@acme/mod-hollow")));
    expectRefused(await workspace.run(["plugins", "link"]), "DATAPY_PLUGIN_UNUSABLE", 20, "DATAPY_ENTRY_MISSING");
    expect((await installed()).packages).toEqual([]);
  });
});

describe("a damaged data directory", () => {
  test("a list that is no JSON is reported, not written over, and can be reset", async () => {
    await workspace.run(["plugins", "install", packMod("@acme/mod-a")]);
    const list = path.join(workspace.dataDirectory, "package.json");
    writeFileSync(list, '{"oclif": {');
    for (const args of [
      ["plugins"],
      ["plugins", "install", packMod("@acme/mod-b")],
      ["plugins", "uninstall", "a"],
      ["plugins", "update"],
    ]) {
      expectRefused(await workspace.run(args), "DATAPY_PLUGINS_LIST_CORRUPT", 20, list, "plugins reset --hard");
    }
    expect(readFileSync(list, "utf8")).toBe('{"oclif": {');
    const mods = await workspace.run(["mods"]);
    expect(mods.code).toBe(10);
    expect(mods.stderr).toContain("DATAPY_PLUGINS_LIST_CORRUPT");
    expect(await workspace.run(["plugins", "reset", "--hard"])).toMatchObject({ code: 0 });
    expect(await workspace.run(["plugins", "install", packMod("@acme/mod-b")])).toMatchObject({ code: 0 });
    expect((await installed()).packages).toEqual(["@acme/mod-b@1.0.0"]);
  });

  test("a package whose folder has vanished is named, and the others work", async () => {
    await workspace.run(["plugins", "install", packMod("@acme/mod-gone"), packMod("@acme/mod-here")]);
    rmSync(path.join(workspace.dataDirectory, "node_modules/@acme/mod-gone"), { recursive: true });
    for (const command of ["mods", "plugins"]) {
      const outcome = await workspace.run([command]);
      expect(outcome.code).toBe(10);
      expect(outcome.stdout).toContain("here");
      expect(outcome.stderr).toMatch(/warning DATAPY_\w+: .*@acme\/mod-gone/);
    }
    expect(JSON.parse((await workspace.run(["run-mod", "here"])).stdout)).toMatchObject({ status: "success" });
    const gone = JSON.parse((await workspace.run(["run-mod", "its-mod"])).stdout) as { errors: string[] };
    expect(gone.errors.join()).toContain("Left out, since broken: @acme/mod-gone");
    expect(await workspace.run(["plugins", "reset"])).toMatchObject({
      code: 0,
      stdout: "Removed: @acme/mod-gone, @acme/mod-here\n",
    });
    expect(await installed()).toEqual({ packages: [], mods: [] });
  });

  test("one that cannot be written is 30", async () => {
    const file = workspace.write("a-file", "");
    const outcome = await workspace.run(["plugins", "install", packMod("@acme/mod-a")], {
      env: { DATAPY_DATA_DIR: path.join(file, "data") },
    });
    expectRefused(outcome, "DATAPY_PLUGINS_DIRECTORY", 30, file);
  });
});

test("plugins uninstall and inspect of what is not installed is 20, with what was meant", async () => {
  await workspace.run(["plugins", "install", packMod("@acme/mod-hello")]);
  for (const command of ["uninstall", "inspect"]) {
    expectRefused(
      await workspace.run(["plugins", command, "@acme/mod-helo"]),
      "DATAPY_PLUGIN_NOT_INSTALLED",
      20,
      "Did you mean @acme/mod-hello?",
    );
  }
  expect((await installed()).packages).toEqual(["@acme/mod-hello@1.0.0"]);
});

test("a canceled installation ends npm, leaves everything as it was, and exits with 50", async () => {
  const silent = new RegistryServer();
  await silent.listen();
  silent.failing = "silence";
  try {
    workspace.write("../home/.npmrc", `registry=${silent.url}/\n`);
    const running = workspace.start(["plugins", "install", "@acme/mod-slow"]);
    setTimeout(() => running.process.kill("SIGTERM"), 1_500);
    const outcome = await running.ended;
    expect(outcome).toMatchObject({ code: 50, signal: null, stdout: "" });
    expect(outcome.stderr).toContain("error DATAPY_CANCELED: canceled by SIGTERM");
    expect(existsSync(path.join(workspace.dataDirectory, ".plugins.lock"))).toBe(false);
  } finally {
    await silent.close();
  }
  expect(await workspace.run(["plugins", "install", packMod("@acme/mod-a")])).toMatchObject({ code: 0 });
});
