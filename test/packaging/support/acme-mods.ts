import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The files of a package, by path. */
export type PackageFiles = Readonly<Record<string, string>>;

function manifest(name: string, mod: string, more: object): string {
  return JSON.stringify({
    name,
    version: "0.3.0",
    description: `The ${mod} of another team`,
    license: "UNLICENSED",
    oclif: {},
    datapy: {
      contract: 1,
      mods: [{ name: mod, category: "source", entry: "./index.js", description: `Makes a table, as the ${mod} does` }],
    },
    dependencies: { "@datapy/mod-kit": "^1.0.0" },
    ...more,
  });
}

const definition = (name: string) => `defineMod({
  metadata: { name: "${name}", version: "0.3.0", description: "Counts to a number", category: "source" },
  params: Type.Object({ limit: Type.Integer({ minimum: 1, description: "Where to stop" }), word: Type.String({ default: "row", description: "Text of every row" }) }),
  artifacts: { output_data: { kind: "table", description: "The numbers" } },
  async run(params, ctx) {
    const table = await ctx.data.writeTable("output_data", sql\`select range + 1 as n, \${params.word} as word from range(\${params.limit})\`);
    ctx.result.addMetric("rows_output", table.rows);
    return ctx.result.success();
  },
})`;

/** A mod package as another team writes it, in CommonJS. */
export const commonJsMod: PackageFiles = {
  "package.json": manifest("@acme/mod-counter", "counter", { main: "./index.js" }),
  "index.js": `"use strict";\nconst { defineMod, sql, Type } = require("@datapy/mod-kit");\nmodule.exports = ${definition("counter")};\n`,
};

/** The same as an ES module, with a file beside it and top-level await. */
export const esModuleMod: PackageFiles = {
  "package.json": manifest("@acme/mod-teller", "teller", { type: "module", exports: "./index.js" }),
  "index.js": `import { defineMod, sql, Type } from "@datapy/mod-kit";\nconst { ready } = await import("./ready.js");\nawait ready;\nexport default ${definition("teller")};\n`,
  "ready.js": "export const ready = Promise.resolve();\n",
};

/** A package whose import throws. */
export const throwingMod: PackageFiles = {
  "package.json": manifest("@acme/mod-thrower", "thrower", {}),
  "index.js": 'throw new Error("acme forgot a file");\n',
};

/** A package whose mod breaks the contract: no description, a name other than its package says, and a default that does not fit. */
export const brokenMod: PackageFiles = {
  "package.json": manifest("@acme/mod-broken", "broken", {}),
  "index.js": `const { defineMod, Type } = require("@datapy/mod-kit");
module.exports = defineMod({
  metadata: { name: "broken", version: "0.3.0" },
  params: Type.Object({}),
  run: (_params, ctx) => ctx.result.success(),
});
`,
};

/** A package that names an entry which it does not hold. */
export const emptyMod: PackageFiles = {
  "package.json": manifest("@acme/mod-empty", "empty", {}),
};

/** A package that wants to run code inside the host's commands. */
export const hookedMod: PackageFiles = {
  ...commonJsMod,
  "package.json": manifest("@acme/mod-hooked", "hooked", { oclif: { hooks: { init: "./index.js" } } }),
};

export function writePackage(folder: string, files: PackageFiles): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}
