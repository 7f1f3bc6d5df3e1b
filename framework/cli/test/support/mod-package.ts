import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** package.json of a package of mods; `extra` goes over what it needs. */
export function packageJson(
  name: string,
  version = "1.0.0",
  extra: Readonly<Record<string, unknown>> = {},
): { name: string; version: string } & Record<string, unknown> {
  const mod = name.replace(/^@[^/]+\/mod-/, "");
  return {
    name,
    version,
    description: "A test",
    main: "index.js",
    oclif: {},
    datapy: {
      contract: 1,
      mods: [{ name: mod, category: "solo", entry: "./index.js", description: `The ${mod} of the tests` }],
    },
    ...extra,
  };
}

/** A mod without dependencies, as plain JavaScript; loading it leaves a mark at `$LOADED_MARK`. */
export function modSource(name: string, version = "1.0.0"): string {
  return `if (process.env.LOADED_MARK) require("node:fs").appendFileSync(process.env.LOADED_MARK, ${JSON.stringify(`${name}\n`)});
module.exports = {
  brand: "datapy.mod",
  contract: 1,
  metadata: { name: ${JSON.stringify(name)}, version: ${JSON.stringify(version)}, description: "A test", category: "solo" },
  params: { type: "object", properties: {} },
  artifacts: {},
  async run(_, ctx) {
    ctx.result.addGlobal("ran", ${JSON.stringify(`${name} ${version}`)});
    return ctx.result.success();
  },
};
`;
}

/** Packs a package as \`npm pack\` does, without npm; gives the file, which is called \`fileName\`. */
export function packTarball(
  manifest: { readonly name: string; readonly version: string },
  files: Readonly<Record<string, string>>,
  fileName = "package.tgz",
): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-pack-"));
  const root = path.join(folder, "package");
  mkdirSync(root);
  writeFileSync(path.join(root, "package.json"), JSON.stringify(manifest, undefined, 2));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, name), text);
  execFileSync("tar", ["-czf", "made.tgz", "package"], { cwd: folder });
  renameSync(path.join(folder, "made.tgz"), path.join(folder, fileName));
  return path.join(folder, fileName);
}

/** {@link packTarball} of a mod that works. */
export function packMod(name: string, version = "1.0.0", fileName?: string): string {
  const mod = name.replace(/^@[^/]+\/mod-/, "");
  return packTarball(packageJson(name, version), { "index.js": modSource(mod, version) }, fileName);
}
