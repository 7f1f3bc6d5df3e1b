// Resolves and lints a project of many job files with twenty steps each, and measures how the time grows with the number of files.
// Also: how long a hostile YAML text takes to be refused.
//
//   node benchmarks/config/run.mjs [--files 500] [--rounds 3]
//
// Ends with exit code 1 where a bound is broken.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const STEPS = 20;
const LIMIT_SECONDS = 3;
/** Of twice the files in twice the time, one tenth more is measurement. */
const LINEAR_FACTOR = 2.2;

const { values: options } = parseArgs({
  options: {
    files: { type: "string", default: "500" },
    rounds: { type: "string", default: "3" },
    side: { type: "string" },
  },
});
const require = createRequire(new URL("../../framework/sdk/package.json", import.meta.url));

if (options.side === undefined) main();
else await side(options.side);

function main() {
  const files = Number(options.files);
  const faults = [];
  const seconds = new Map();
  for (const count of [files / 2, files, files * 2]) {
    const root = makeProject(count);
    try {
      const runs = Array.from({ length: Number(options.rounds) }, () => measure(root));
      const best = runs.sort((one, other) => one.total - other.total)[0];
      seconds.set(count, best.total);
      console.log(
        `${count} files × ${STEPS} steps: lint ${show(best.lint)}, resolve ${show(best.resolve)}, together ${show(best.total)} (${show(best.cpu)} of processor) in one process of ${show(best.process)} (best of ${runs.length}); ${best.findings} findings, ${best.resolved} steps resolved`,
      );
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  if (seconds.get(files) > LIMIT_SECONDS)
    faults.push(`${files} files took ${show(seconds.get(files))}, more than ${LIMIT_SECONDS} s`);
  const growth = seconds.get(files * 2) / seconds.get(files);
  console.log(`twice the files take ${growth.toFixed(2)} times as long`);
  if (growth > LINEAR_FACTOR) faults.push(`time grows faster than the number of files: ${growth.toFixed(2)}`);
  for (const { name, milliseconds, code } of hostileTexts()) {
    console.log(`${name}: ${code} after ${milliseconds.toFixed(0)} ms`);
    if (milliseconds > 1_000) faults.push(`${name} took ${milliseconds.toFixed(0)} ms`);
  }
  for (const fault of faults) console.error(`NOT HELD: ${fault}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** A process of its own, so that no round profits from the one before. */
function measure(root) {
  const began = performance.now();
  const run = spawnSync(process.execPath, [new URL(import.meta.url).pathname, "--side", root], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return { ...JSON.parse(run.stdout), process: (performance.now() - began) / 1000 };
}

async function side(root) {
  const { lintPaths } = require("./dist/lint/index.js");
  const { loadConfiguration } = require("./dist/config/load-configuration.js");
  const { jobOutline } = require("./dist/config/job-outline.js");
  const { discoverMods } = require("./dist/registry/index.js");

  const env = { ...process.env, DATAPY_DATA_DIR: join(root, "data-dir") };
  const cpu = process.cpuUsage();
  const began = performance.now();
  const report = lintPaths({ cwd: root, env, paths: ["jobs"] });
  const linted = performance.now();
  const mods = new Map(discoverMods({ cwd: root, env }).mods.map((mod) => [mod.name, mod]));
  const made = { artifacts: { output_data: "/x" }, metrics: {}, globals: {} };
  const outcomes = Object.fromEntries(Array.from({ length: STEPS }, (_, index) => [`s${index}`, made]));
  const references = { session: { id: "s" }, run: { date: "2024-08-12" }, mods: outcomes };
  let resolved = 0;
  for (const path of report.files) {
    const configuration = await loadConfiguration({ cwd: root, env, file: { path } });
    for (const { id, mod } of jobOutline(configuration)) {
      const { values } = await configuration.resolve({
        mod,
        step: id,
        schema: mods.get(mod).manifest.params,
        references,
      });
      if (values.limit !== undefined) resolved += 1;
    }
  }
  const ended = performance.now();
  const used = process.cpuUsage(cpu);
  const seconds = (from, to) => (to - from) / 1000;
  console.log(
    JSON.stringify({
      lint: seconds(began, linted),
      resolve: seconds(linted, ended),
      total: seconds(began, ended),
      cpu: (used.user + used.system) / 1e6,
      findings: report.findings.length,
      resolved,
    }),
  );
}

function makeProject(count) {
  const root = mkdtempSync(join(tmpdir(), "datapy-bench-config-"));
  const write = (name, text) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const names = ["reader", "cleaner", "joiner", "writer"];
  write(
    "package.json",
    JSON.stringify({
      name: "bench",
      private: true,
      dependencies: Object.fromEntries(names.map((name) => [`@bench/mod-${name}`, "1.0.0"])),
    }),
  );
  for (const name of names) writeMod(write, name);
  write(
    "project_defaults.yaml",
    `project_name: bench\nglobals: {bucket: b, stage: "\${env.STAGE:-dev}"}\nmod_defaults:\n${names.map((name) => `  ${name}: {limit: 10, options: {mode: fast}}\n`).join("")}`,
  );
  for (let file = 0; file < count; file++) {
    const steps = Array.from({ length: STEPS }, (_, index) => {
      const mod = names[index % names.length];
      const input =
        index === 0 ? `"in/\${globals.bucket}/${file}.csv"` : `"\${mods.s${index - 1}.artifacts.output_data}"`;
      return [
        `  - id: s${index}`,
        `    mod: ${mod}`,
        "    retries: {max: 2, backoff: 5s}",
        "    params:",
        `      input: ${input}`,
        `      limit: ${index}`,
        "      columns: {id: BIGINT, name: TEXT, amount: DECIMAL}",
        "      rules: [{column: id, severity: error}, {column: name}]",
      ].join("\n");
    });
    write(
      `jobs/team-${file % 10}/job-${file}.yaml`,
      `name: job-${file}\nglobals:\n  base_path: /data/\${globals.stage}\nsteps:\n${steps.join("\n")}\n`,
    );
  }
  return root;
}

function writeMod(write, name) {
  const root = `node_modules/@bench/mod-${name}`;
  const metadata = { name, version: "1.0.0", description: `Bench ${name}`, category: "transformer" };
  const params = {
    type: "object",
    additionalProperties: false,
    required: ["input"],
    properties: {
      input: { type: "string", minLength: 1 },
      limit: { type: "integer", minimum: 0 },
      encoding: { type: "string", default: "utf-8" },
      columns: { type: "object", patternProperties: { "^.*$": { type: "string" } } },
      options: {
        type: "object",
        properties: { mode: { type: "string", default: "safe" }, depth: { type: "integer", default: 3 } },
      },
      rules: {
        type: "array",
        items: {
          type: "object",
          required: ["column"],
          properties: { column: { type: "string" }, severity: { type: "string", default: "warn" } },
        },
      },
      on_bad_row: {
        anyOf: [
          { const: "fail", type: "string" },
          { const: "quarantine", type: "string" },
        ],
        default: "fail",
      },
    },
  };
  const artifacts = { output_data: { kind: "table", description: "Rows" } };
  write(
    `${root}/package.json`,
    JSON.stringify({
      name: `@bench/mod-${name}`,
      version: "1.0.0",
      oclif: {},
      datapy: {
        contract: 1,
        mods: [{ name, category: "transformer", entry: "./index.js", description: metadata.description }],
      },
    }),
  );
  write(`${root}/index.js`, "throw new Error('imported');\n");
  write(`${root}/datapy.manifest.json`, JSON.stringify({ manifest: 1, mods: [{ name, metadata, params, artifacts }] }));
}

function hostileTexts() {
  const { readYaml } = require("./dist/config/parse-yaml.js");
  const bomb = Array.from({ length: 30 }, (_, level) =>
    level === 0
      ? "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
      : `a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}*a${level - 1}]`,
  );
  const texts = {
    "an alias bomb": bomb.join("\n"),
    "lists 10,000 deep": "[".repeat(10_000),
    "mappings 10,000 deep": "{a: ".repeat(10_000),
    "a million empty values": `[${"[],".repeat(300_000)}]`,
    "a million dashes": "-\n".repeat(500_000),
    "a flood of anchors": "- &a x\n".repeat(140_000),
    "the key __proto__": "__proto__: {polluted: true}",
    "the tag !!js/function": "a: !!js/function 'function () {}'",
    "an integer past 2^53": "a: 9007199254740993",
    "two mebibytes": "a: 1\n".repeat(420_000),
  };
  return Object.entries(texts).map(([name, text]) => {
    const began = performance.now();
    const { faults } = readYaml(text, "hostile.yaml");
    return { name, milliseconds: performance.now() - began, code: faults[0]?.code ?? "NOT REFUSED" };
  });
}

function show(seconds) {
  return `${seconds.toFixed(2)} s`;
}
