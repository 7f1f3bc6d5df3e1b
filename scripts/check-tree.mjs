// House rules that no linter knows: of the tree as a whole, and of the lock file. Prints every breach as `file:line: what`.
import { readFileSync } from "node:fs";
import path from "node:path";
import { missingFrom } from "./complete-lock.mjs";
import { ScriptError, capture, main, packages, readJson, root } from "./workspace.mjs";

const breaches = [];
const DATA = /(^|\/)(samples|fixtures|data)\//;
const EXACT = /^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/;

function eachLine(file, check) {
  readFileSync(path.join(root, file), "utf8")
    .split("\n")
    .forEach((line, index) => {
      const what = check(line);
      if (what !== undefined) breaches.push(`${file}:${index + 1}: ${what}`);
    });
}

async function listFiles() {
  const listed = await capture("git", ["ls-files", "-co", "--exclude-standard", "--deduplicate"]);
  const deleted = await capture("git", ["ls-files", "-d"]);
  if (listed.status !== 0) throw new ScriptError(`git ls-files failed: ${listed.stderr.trim()}`);
  const gone = new Set(deleted.stdout.split("\n"));
  return listed.stdout.split("\n").filter((file) => file !== "" && !DATA.test(file) && !gone.has(file));
}

/** Names of files, tests that do not run, and work that was left open. */
function checkFile(file) {
  const base = path.posix.basename(file);
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*$/;
  if (/\.[cm]?tsx?$/.test(base) && !kebab.test(base) && !file.startsWith("projects/"))
    breaches.push(`${file}: not kebab-case`);
  if (/^(utils?|helpers?|common|misc)\.[cm]?[jt]sx?$/.test(base)) breaches.push(`${file}: name it after what it does`);
  if (/\.test\.tsx?$/.test(base)) {
    eachLine(file, (line) =>
      /\b(it|test|describe)\.(only|skip|todo)\b|\b(xit|xtest|xdescribe|fit|fdescribe)\(/.test(line)
        ? "a test that is skipped or runs alone"
        : undefined,
    );
  }
  if (/\.([cm]?[jt]sx?|md|ya?ml)$/.test(base) && file !== "scripts/check-tree.mjs") {
    eachLine(file, (line) =>
      /\b(TODO|FIXME|XXX)\b|coming soon|not implemented yet/.test(line) ? "left open" : undefined,
    );
  }
}

/** The lock file installs from whatever registry a machine has, on whatever system: it names no address and lacks nothing. */
function checkLock() {
  const lock = readJson(path.join(root, "package-lock.json"));
  for (const [place, entry] of Object.entries(lock.packages)) {
    if (/^https?:/.test(entry.resolved ?? ""))
      breaches.push(`package-lock.json: ${place} names the address that it came from`);
    const fetched = place.includes("node_modules/") && !entry.link && !entry.inBundle && !entry.optional;
    if (fetched && entry.integrity === undefined) breaches.push(`package-lock.json: ${place} has no checksum`);
  }
  for (const place of missingFrom(lock.packages).keys()) {
    breaches.push(
      `package-lock.json: lacks ${place}, which other systems need; run \`node scripts/complete-lock.mjs\``,
    );
  }
}

/** Versions are stated exactly; a package of this repository is meant in the version that it has here. */
function checkDependencies() {
  const all = packages();
  const own = new Map(all.map((one) => [one.manifest.name, one.manifest.version]));
  const rootManifest = { manifest: readJson(path.join(root, "package.json")), group: ".", name: "" };
  for (const { manifest, group, name } of [...all, rootManifest]) {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    for (const [dependency, range] of Object.entries({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    })) {
      const where = `${path.posix.join(group, name, "package.json")}: ${dependency}@${range}`;
      const ofOwn = own.get(dependency);
      if (ofOwn === undefined) {
        if (!EXACT.test(range)) breaches.push(`${where} is not an exact version`);
      } else if (range !== ofOwn && !(manifest.private && range === "*"))
        breaches.push(`${where} is not this repository's ${ofOwn}`);
    }
  }
}

/** The compiler and editors see the packages that tsconfig.json names. */
function checkReferences() {
  const named = new Set(
    readJson(path.join(root, "tsconfig.json")).references.map((one) => path.resolve(root, one.path)),
  );
  for (const { folder, group, name } of packages()) {
    if (!named.has(folder)) breaches.push(`tsconfig.json: references lack { "path": "${group}/${name}" }`);
  }
}

/** Every published package says the same of itself. */
function checkManifests() {
  for (const { manifest, group, name } of packages()) {
    const expect = (ok, what) => ok || breaches.push(`${group}/${name}/package.json: ${what}`);
    expect(manifest.name === `@datapy/${name}`, `the folder is ${name}, the package ${manifest.name}`);
    expect(manifest.license === "MIT", "license is not MIT");
    expect(manifest.engines?.node === ">=20.19.0", "engines.node is not >=20.19.0");
    expect(manifest.publishConfig?.access === "public", "publishConfig.access is not public");
    expect(Array.isArray(manifest.files), "no files list: everything would be published");
    expect(typeof manifest.description === "string" && manifest.description !== "", "no description");
    expect(
      manifest.scripts?.postinstall === undefined && manifest.scripts?.install === undefined,
      "install scripts do not run everywhere",
    );
  }
}

await main(async () => {
  const files = await listFiles();
  for (const file of files) checkFile(file);
  checkLock();
  checkDependencies();
  checkReferences();
  checkManifests();
  if (breaches.length > 0) throw new ScriptError(breaches.join("\n"));
  process.stdout.write(`${files.length} files checked\n`);
});
