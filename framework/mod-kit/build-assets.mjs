// Replaces dist/typebox.js by a bundle of TypeBox's ES modules: one file to load instead of 300.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.dirname(fileURLToPath(import.meta.url));
const { dependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

await build({
  stdin: { contents: 'export { Type } from "@sinclair/typebox";', resolveDir: root },
  outfile: path.join(root, "dist/typebox.js"),
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
  logLevel: "warning",
  banner: {
    js: `/* Bundled from @sinclair/typebox ${dependencies["@sinclair/typebox"]} (MIT), whose licence comes with that dependency. */`,
  },
});
