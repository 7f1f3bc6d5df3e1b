import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { root, ScriptError, packages } from "../workspace.mjs";
import { sdk } from "./packages.mjs";
import { code, page, table } from "./markdown.mjs";

const require = createRequire(path.join(root, "package.json"));

function modPage(mod, registered, { group, name, manifest }) {
  return page(
    mod.name,
    mod.description,
    table(
      ["", ""],
      [
        ["Package", `[${code(manifest.name)}](../../../${group}/${name}/README.md)`],
        ["Category", registered.category],
        ["Install", code(`datapy plugins:install ${manifest.name}`)],
        ["Run", code(`datapy run-mod ${mod.name} -p params.yaml`)],
      ],
    ),
    "## Parameters and artifacts",
    require("@datapy/mod-testkit/readme-tables").parameterTables(mod),
    mod.tags === undefined || mod.tags.length === 0 ? "" : `Tags: ${mod.tags.map(code).join(", ")}`,
  );
}

/** Every mod of the repository's plugins, with its README and its page. */
export async function modPages() {
  const { discoverMods } = sdk("registry");
  const { describeMod } = sdk("contract");
  const { mods, problems } = discoverMods({
    cwd: root,
    env: { ...process.env, DATAPY_DATA_DIR: path.join(root, "node_modules", ".cache", "no-mods") },
  });
  const plugins = new Map(
    packages()
      .filter((one) => one.group === "plugins")
      .map((one) => [one.manifest.name, one]),
  );
  const ours = problems.filter((one) => plugins.has(one.packageName));
  if (ours.length > 0) throw new ScriptError(ours.map((one) => `${one.packageName}: ${one.message}`).join("\n"));
  const found = mods.filter((registered) => plugins.has(registered.packageName));
  const missing = [...plugins.keys()].filter((name) => !found.some((one) => one.packageName === name));
  if (missing.length > 0) {
    throw new ScriptError(
      `The root package.json does not depend on ${missing.join(", ")}, so their mods are not found in this repository.`,
    );
  }
  return found.map((registered) => {
    const plugin = plugins.get(registered.packageName);
    const mod = describeMod(registered);
    return { mod, readme: path.join(plugin.folder, "README.md"), page: modPage(mod, registered, plugin) };
  });
}

/** The README with the tables between its markers made anew. */
export function fillReadme(file, mod) {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const { README_END, README_START, withTables } = require("@datapy/mod-testkit/readme-tables");
  const filled = withTables(text, [mod]);
  if (filled === undefined) {
    throw new ScriptError(
      `${path.relative(root, file)} lacks the markers ${README_START} and ${README_END}, between which the parameters go.`,
    );
  }
  return filled;
}
