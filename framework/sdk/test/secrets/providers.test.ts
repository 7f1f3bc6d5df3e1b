import { chmodSync } from "node:fs";
import { loadConfiguration } from "../../src/config/load-configuration.js";
import type { ConfigurationRequest } from "../../src/config/configuration-types.js";
import type { FaultList } from "../../src/faults.js";
import { createMasker } from "../../src/secrets/masker.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
beforeEach(() => {
  folder = new ProjectFolder();
});
afterEach(() => folder.remove());

const references = { session: { id: "s" }, run: { date: "d" }, mods: {} };
const schema = {
  type: "object",
  properties: {
    token: { type: "string", "x-datapy": { kind: "secret" } },
    plain: { type: "string" },
    port: { type: "integer" },
  },
};

async function resolve(text: string, request: Partial<ConfigurationRequest> = {}) {
  const masker = createMasker();
  const path = folder.write("params.yaml", text);
  const configuration = await loadConfiguration({
    cwd: folder.root,
    env: { DB_PASSWORD: "hunter2!", PORT: "5432" },
    file: { path },
    masker,
    ...request,
  });
  const resolved = await configuration.resolve({ mod: "m", schema, references });
  return { ...resolved, configuration, masker };
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error = (await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as FaultList;
  expect(error.faults).toHaveLength(1);
  const [one] = error.faults;
  return `${one?.code ?? ""}:${one?.location?.line ?? 0}:${one?.location?.column ?? 0} ${one?.message ?? ""}`;
}

describe("secrets of the environment and of files", () => {
  test("are read where nothing is said of providers, keep their type rules, and are masked from then on", async () => {
    folder.write("secret.txt", "from-a-file\n");
    const { values, secrets, masker } = await resolve(
      "token: ${secret.env.DB_PASSWORD}\nplain: <${secret.file:secret.txt}>\nport: ${secret.env.PORT}",
    );
    expect({ ...values }).toEqual({ token: "hunter2!", plain: "<from-a-file>", port: 5432 });
    expect([...secrets].sort()).toEqual(["5432", "from-a-file", "hunter2!"]);
    expect(masker.mask("x hunter2! y from-a-file")).toBe("x *** y ***");
  });

  test("in globals and in the project's settings are read and masked when the configuration is loaded", async () => {
    folder.write(
      "project_defaults.yaml",
      "globals: {dsn: 'postgres://etl:${secret.env.DB_PASSWORD}@h/d'}\nvars: {t: '${secret.env.PORT}'}",
    );
    const { configuration, masker, values } = await resolve("plain: ${globals.dsn}-${project.vars.t}");
    expect(values["plain"]).toBe("postgres://etl:hunter2!@h/d-5432");
    expect(configuration.secrets).toContain("hunter2!");
    expect(masker.mask(String(values["plain"]))).toBe("postgres://etl:***@h/d-***");
  });

  test("that are not used by the mod that runs are never read", async () => {
    const job = folder.write("job.yaml", "mods:\n  m: {plain: x}\n  other: {plain: '${secret.env.NOT_SET}'}");
    expect((await resolve("", { file: { path: job } })).values["plain"]).toBe("x");
  });

  test("values of Secret() parameters are secrets wherever they come from, those that were overridden too", async () => {
    folder.write("project_defaults.yaml", "mod_defaults: {m: {token: old-token}}");
    const { secrets, masker } = await resolve("token: new-token", { sets: ["token=newest-token"] });
    expect([...secrets].sort()).toEqual(["new-token", "newest-token", "old-token"]);
    expect(masker.mask("old-token new-token newest-token")).toBe("*** *** ***");
  });

  test("a fault after a secret was read comes from a masker that knows it", async () => {
    const masker = createMasker();
    const path = folder.write("params.yaml", "token: ${secret.env.DB_PASSWORD}\nplain: ${globals.absent}");
    const configuration = await loadConfiguration({
      cwd: folder.root,
      env: { DB_PASSWORD: "hunter2!" },
      file: { path },
      masker,
    });
    await expect(configuration.resolve({ mod: "m", schema, references })).rejects.toThrow("globals.absent");
    expect(masker.mask("hunter2!")).toBe("***");
  });

  test.each([
    [
      "is not set",
      "token: ${secret.env.NONE}",
      "DATAPY_SECRET_MISSING:1:8 ${secret.env.NONE} gives no secret: the environment variable NONE is not set",
    ],
    [
      "is empty",
      "token: ${secret.env.EMPTY}",
      "DATAPY_SECRET_MISSING:1:8 ${secret.env.EMPTY} gives no secret: it is empty",
    ],
    [
      "has no file",
      "token: x\nplain: a ${secret.file:none.txt}",
      "none.txt cannot be read: there is no such file or folder",
    ],
    [
      "has a provider that nobody knows",
      "token: ${secret.vault:a/b}",
      "DATAPY_SECRET_PROVIDER:1:8 ${secret.vault:a/b} asks the secret provider vault, which the project does not allow (it allows env, file)",
    ],
    ["is not well written", "token: ${secret.env}", "DATAPY_REFERENCE_SYNTAX:1:8"],
    ["is a prototype's", "token: ${secret.env.toString}", "DATAPY_SECRET_MISSING:1:8"],
  ])("a secret that %s is an error at its place", async (_name, text, expected) => {
    expect(await faultOf(resolve(text, { env: { EMPTY: "" } }))).toContain(expected);
  });

  test("a file that may not be read, or is too large, says so without its contents", async () => {
    const file = folder.write("secret.txt", "x".repeat(70_000));
    expect(await faultOf(resolve("token: ${secret.file:secret.txt}"))).toContain("larger than 64 KiB");
    chmodSync(file, 0);
    const text = "token: ${secret.file:.}";
    expect(await faultOf(resolve(text))).toContain("cannot be read: it is a folder");
  });
});

describe("what a project allows", () => {
  test("is all that can be asked", async () => {
    folder.write("project_defaults.yaml", "secrets: {providers: [file]}");
    expect(await faultOf(resolve("token: ${secret.env.DB_PASSWORD}"))).toContain(
      "which the project does not allow (it allows file)",
    );
    folder.write("project_defaults.yaml", "secrets: {providers: []}");
    expect(await faultOf(resolve("token: ${secret.file:x}"))).toContain("it allows none");
  });

  test("may be bound to names and folders", async () => {
    folder.write(
      "project_defaults.yaml",
      "secrets:\n  providers:\n    env: {prefix: ETL_}\n    file: {root: secrets}\n",
    );
    folder.write("secrets/a.txt", "inside-the-root");
    folder.write("outside.txt", "outside");
    expect((await resolve("token: ${secret.file:a.txt}")).values["token"]).toBe("inside-the-root");
    for (const path of ["../outside.txt", "a/../../outside.txt", folder.path("outside.txt")]) {
      expect(await faultOf(resolve(`token: \${secret.file:${path}}`))).toContain("allows only files inside");
    }
    expect(await faultOf(resolve("token: ${secret.env.DB_PASSWORD}"))).toContain("only names that begin with ETL_");
  });

  test("may be a module of somebody else, ES or CommonJS, from the project's folder or its packages", async () => {
    folder.write(
      "providers/es.mjs",
      "export default { async read(key, { options }) { return `${options.address}:${key}`; } };",
    );
    folder.write(
      "node_modules/@acme/vault/package.json",
      '{"name": "@acme/vault", "version": "1.0.0", "main": "main.js"}',
    );
    folder.write(
      "node_modules/@acme/vault/main.js",
      "module.exports = { default: (options) => ({ read: (key) => options.address + '/' + key }) };",
    );
    folder.write(
      "project_defaults.yaml",
      "secrets:\n  providers:\n    es: {module: ./providers/es.mjs, address: one}\n    vault: {module: '@acme/vault', address: two}\n    esm: {module: only-esm}\n",
    );
    folder.write("jobs/daily/x", "");
    folder.write(
      "node_modules/only-esm/package.json",
      '{"name": "only-esm", "version": "1.0.0", "exports": {".": {"import": "./main.mjs"}}}',
    );
    folder.write("node_modules/only-esm/main.mjs", "export default { read: () => 'esm-secret' };");
    const { values, secrets } = await resolve("token: ${secret.es:a#b}\nplain: ${secret.vault.kv.x} ${secret.esm:x}", {
      cwd: folder.path("jobs/daily"),
    });
    expect({ ...values }).toEqual({ token: "one:a#b", plain: "two/kv.x esm-secret" });
    expect(secrets).toEqual(expect.arrayContaining(["one:a#b", "two/kv.x"]));
  });

  test.each([
    ["cannot be found", "module: ./none.mjs", "Cannot find module './none.mjs'"],
    ["throws when it is imported", "module: ./throws.mjs", "cannot be loaded: broken"],
    ["has no read", "module: ./empty.mjs", "has no default export with a function read"],
    ["throws when it is asked", "module: ./asked.mjs", "gives no secret: vault is sealed"],
    ["gives no text", "module: ./number.mjs", "gives no secret: the provider gave no text"],
    ["is not named", "address: x", "the project names no `module` for it"],
  ])("a provider that %s is an error that says so", async (_name, options, expected) => {
    folder.write("throws.mjs", 'throw new Error("broken");');
    folder.write("empty.mjs", "export default {};");
    folder.write("asked.mjs", 'export default { read() { throw new Error("vault is sealed"); } };');
    folder.write("number.mjs", "export default { read: () => 5 };");
    folder.write("project_defaults.yaml", `secrets: {providers: {mine: {${options}}}}`);
    expect(await faultOf(resolve("token: ${secret.mine:x}"))).toContain(expected);
  });

  test("is asked once for each key", async () => {
    folder.write("count.mjs", "let asked = 0;\nexport default { read: (key) => `secret-${key}-${++asked}` };");
    folder.write(
      "project_defaults.yaml",
      "secrets: {providers: {mine: {module: ./count.mjs}}}\nglobals: {g: '${secret.mine:a}'}",
    );
    const { values } = await resolve("token: ${secret.mine:a}\nplain: ${globals.g} ${secret.mine:b}");
    expect({ ...values }).toEqual({ token: "secret-a-1", plain: "secret-a-1 secret-b-2" });
  });
});
