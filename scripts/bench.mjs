// `npm run bench [-- NAME…]`: runs every benchmark of the repository (or those named), one after the other, and writes what they printed to
// benchmarks/RESULTS.md, with the machine and the versions. A benchmark that is not run keeps the section that it has there.
//
// A benchmark is benchmarks/<name>/run.mjs. It prints its command, its machine and its ratios, and ends with 0 when every target is met,
// with 77 when something that it needs is not there (it says what), and with anything else when a target is missed.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { prepare } from "./prepare.mjs";
import { ScriptError, main, root } from "./workspace.mjs";

const folder = path.join(root, "benchmarks");
const file = path.join(folder, "RESULTS.md");
const NOT_RUN = 77;

function benchmarks() {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(folder, entry.name, "run.mjs")))
    .map((entry) => entry.name)
    .sort();
}

/** Runs one, showing what it prints; gives `{ status, output }`. */
function run(name) {
  return new Promise((resolve, reject) => {
    const args = ["--expose-gc", path.join("benchmarks", name, "run.mjs")];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status: status ?? signal, output }));
  });
}

/** Sections of a results file, by the name of their benchmark. */
export function sections(text) {
  return new Map(
    [...text.matchAll(/^## (\S+)\n([\s\S]*?)(?=^## |(?![\s\S]))/gm)].map(([, name, body]) => [name, body.trim()]),
  );
}

function versionOf(name) {
  const require = createRequire(path.join(root, "framework/sdk/package.json"));
  return require(`${name}/package.json`).version;
}

/** The page: how it came to be, then a section a benchmark. */
export function page(found) {
  const head = `# Results of the benchmarks

Written by \`npm run bench\`. Each ratio compares both sides in turn in one run on one machine; the median of the pairs counts. Absolute times tell
little about another machine.
`;
  return [
    head,
    ...[...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, body]) => `## ${name}\n\n${body}\n`),
  ].join("\n");
}

function section({ status, output }) {
  const cpus = os.cpus();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GiB`;
  const machine = `${cpus.length} × ${cpus[0]?.model ?? "unknown processor"}, ${memory}, ${os.type()} ${os.release()}`;
  const versions = `Node ${process.versions.node}, DuckDB ${versionOf("@duckdb/node-api")}`;
  const verdict =
    status === 0 ? "every target met" : status === NOT_RUN ? "not run" : `a target was missed (exit code ${status})`;
  return `${verdict} · ${machine} · ${versions}\n\n\`\`\`text\n${output.replace(/[ \t]+$/gm, "").trimEnd()}\n\`\`\``;
}

async function bench(wanted) {
  const all = benchmarks();
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new ScriptError(`There is no benchmark ${unknown.join(", ")}; there are ${all.join(", ")}.`);
  await prepare();
  const found = sections(existsSync(file) ? readFileSync(file, "utf8") : "");
  for (const name of found.keys()) if (!all.includes(name)) found.delete(name);
  const missed = [];
  for (const name of wanted.length > 0 ? wanted : all) {
    process.stdout.write(`\n# ${name}\n`);
    const done = await run(name);
    if (done.status !== 0 && done.status !== NOT_RUN) missed.push(name);
    found.set(name, section(done));
    writeFileSync(file, page(found));
  }
  process.stdout.write(`\n${path.relative(process.cwd(), file)} is written.\n`);
  if (missed.length > 0) throw new ScriptError(`Targets were missed: ${missed.join(", ")}`);
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === path.join(root, "scripts", "bench.mjs"))
  await main(() => bench(process.argv.slice(2)));
