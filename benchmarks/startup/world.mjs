// What the start-up benchmark compares, in a temporary folder: an oclif hello-world, and a user's world with installed mods.
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const datapy = path.join(repository, "framework/cli/bin/run.js");
const fromCli = createRequire(path.join(repository, "framework/cli/package.json"));

function write(file, content) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content, undefined, 2));
}

/** What `oclif generate` makes for CommonJS, compiled and with its manifest, as it would be published. Gives its bin file. */
export async function makeHello(root) {
  write(path.join(root, "package.json"), {
    name: "hello",
    version: "1.0.0",
    bin: { hello: "./bin/run.js" },
    dependencies: { "@oclif/core": "4.14.0" },
    oclif: { bin: "hello", dirname: "hello", commands: "./commands", topicSeparator: " " },
  });
  const bin = path.join(root, "bin/run.js");
  write(bin, `#!/usr/bin/env node\nconst { execute } = require("@oclif/core");\nvoid execute({ dir: __dirname });\n`);
  write(
    path.join(root, "commands/hello.js"),
    `const { Args, Command, Flags } = require("@oclif/core");
class Hello extends Command {
  async run() {
    const { args, flags } = await this.parse(Hello);
    this.log(\`hello \${args.person} from \${flags.from}\`);
  }
}
Hello.args = { person: Args.string({ required: true }) };
Hello.flags = { from: Flags.string({ char: "f", required: true }) };
module.exports = Hello;
`,
  );
  mkdirSync(path.join(root, "node_modules/@oclif"), { recursive: true });
  symlinkSync(
    path.dirname(fromCli.resolve("@oclif/core/package.json")),
    path.join(root, "node_modules/@oclif/core"),
    "dir",
  );
  const { Plugin } = fromCli("@oclif/core");
  const plugin = new Plugin({ root, type: "core", ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  write(path.join(root, "oclif.manifest.json"), plugin.manifest);
  return bin;
}

/** A data directory as `datapy plugins install` leaves it, with the mods `names`; each leaves a mark in `marks` when it is loaded. */
export function makeDataDirectory(root, names, marks) {
  const modules = path.join(root, "node_modules");
  mkdirSync(marks, { recursive: true });
  write(path.join(root, "package.json"), {
    name: "@datapy/cli",
    private: true,
    dependencies: Object.fromEntries(names.map((name) => [`@bench/mod-${name}`, "1.0.0"])),
    oclif: { schema: 1, plugins: names.map((name) => ({ name: `@bench/mod-${name}`, tag: "latest", type: "user" })) },
  });
  // Installed mods have their own copy of mod-kit, as npm would give them.
  const kit = path.join(repository, "framework/mod-kit");
  for (const part of ["dist", "package.json"])
    cpSync(path.join(kit, part), path.join(modules, "@datapy/mod-kit", part), { recursive: true });
  cpSync(path.join(repository, "node_modules/@sinclair/typebox"), path.join(modules, "@sinclair/typebox"), {
    recursive: true,
  });
  for (const name of names) {
    const folder = path.join(modules, "@bench", `mod-${name}`);
    const description = `The mod ${name} of the benchmark, which does nothing`;
    const mod = { name, category: "solo", entry: "./index.js", description };
    write(path.join(folder, "package.json"), {
      name: `@bench/mod-${name}`,
      version: "1.0.0",
      main: "index.js",
      oclif: {},
      datapy: { contract: 1, mods: [mod] },
    });
    write(path.join(folder, "datapy.manifest.json"), {
      manifest: 1,
      mods: [
        {
          name,
          metadata: { name, version: "1.0.0", description },
          params: { type: "object", properties: { path: { type: "string", default: "x" } } },
          artifacts: {},
        },
      ],
    });
    write(
      path.join(folder, "index.js"),
      `require("node:fs").writeFileSync(${JSON.stringify(path.join(marks, name))}, "");
const { Type, defineMod } = require("@datapy/mod-kit");
module.exports = defineMod({
  metadata: { name: ${JSON.stringify(name)}, version: "1.0.0", description: ${JSON.stringify(description)} },
  params: Type.Object({ path: Type.String({ default: "x" }) }),
  run: (_, ctx) => ctx.result.success(),
});
`,
    );
  }
}
