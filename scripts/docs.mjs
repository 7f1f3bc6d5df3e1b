// Writes the generated documentation: the parameter table in each mod's README, docs/reference/**, and the envelope's JSON Schema.
// With --check it writes nothing and fails when something is out of date. Everything comes from what the packages say of themselves.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { prepare } from "./prepare.mjs";
import { commandsPage } from "./docs/commands.mjs";
import { envelopePage, envelopeSchemas } from "./docs/envelope.mjs";
import { errorsPage, exitCodesPage } from "./docs/errors.mjs";
import { fillReadme, modPages } from "./docs/mods.mjs";
import { ScriptError, main, root } from "./workspace.mjs";

const REFERENCE = "docs/reference";

/** Every generated file, by its path from the root. */
async function generate() {
  const pages = new Map();
  for (const [name, text] of envelopeSchemas()) pages.set(`framework/mod-kit/schemas/${name}.schema.json`, text);
  pages.set(`${REFERENCE}/envelope.md`, await envelopePage());
  pages.set(`${REFERENCE}/errors.md`, await errorsPage());
  pages.set(`${REFERENCE}/exit-codes.md`, await exitCodesPage());
  pages.set(`${REFERENCE}/commands.md`, commandsPage());
  for (const { mod, readme, page } of await modPages()) {
    pages.set(`${REFERENCE}/mods/${mod.name}.md`, page);
    pages.set(path.relative(root, readme).split(path.sep).join("/"), fillReadme(readme, mod));
  }
  return pages;
}

/** Generated pages of mods that are gone. */
function orphans(pages) {
  const folder = path.join(root, REFERENCE, "mods");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => `${REFERENCE}/mods/${name}`)
    .filter((name) => !pages.has(name));
}

await main(async () => {
  await prepare();
  const pages = await generate();
  const stale = [...pages].filter(([file, text]) => {
    const whole = path.join(root, file);
    return !existsSync(whole) || readFileSync(whole, "utf8") !== text;
  });
  const gone = orphans(pages);
  if (process.argv.includes("--check")) {
    const names = [...stale.map(([file]) => file), ...gone];
    if (names.length > 0)
      throw new ScriptError(`Out of date, run \`npm run docs\`:\n${names.map((name) => `  ${name}`).join("\n")}`);
    process.stdout.write(`${pages.size} generated files are up to date\n`);
    return;
  }
  for (const [file, text] of stale) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  for (const file of gone) rmSync(path.join(root, file));
  process.stdout.write(`${stale.length} written, ${gone.length} removed, ${pages.size - stale.length} up to date\n`);
});
