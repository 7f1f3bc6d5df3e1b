// Replaces dist/oclif.js by a bundle of the parts of oclif that commands use: one file to load instead of a hundred. All other files
// take oclif from there, so that there is one copy of it in a process.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.dirname(fileURLToPath(import.meta.url));
const { dependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

await build({
  entryPoints: [path.join(root, "src/oclif.ts")],
  outfile: path.join(root, "dist/oclif.js"),
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
  // Only for plugins that are written in TypeScript and not compiled, which datapy does not load.
  external: ["ts-node", "tsx", "typescript"],
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: "none",
  logLevel: "warning",
  banner: {
    js: `/* Bundled from @oclif/core ${dependencies["@oclif/core"]} (MIT) and what it depends on; their licences come with that dependency. */`,
  },
});
