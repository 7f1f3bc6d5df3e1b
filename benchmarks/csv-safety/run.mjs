// Reads every polluted file of a corpus with the CSV reader and scores what came out.
//
//   node benchmarks/csv-safety/run.mjs CORPUS SCORER [--out FOLDER]
//
// Both may be given by the environment instead: DATAPY_CSV_CORPUS, DATAPY_CSV_SCORER. CORPUS is the folder `polluted` (with csv/, clean/, parameters/) or an archive of it (.tar.xz, .tar.gz, .tar); SCORER is csv-score.mjs.
// Runs twice: with the dialect that parameters/*.json declare, and with nothing declared. Damaged rows are quarantined, damaged headers
// repaired. Prints, by dialect declared and detected, how many files came out exactly, were reported, or were damaged silently (each by
// name), and how many undamaged rows were lost. `--out` keeps what was written, with why.json beside it: what the user was told of each file.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const require = createRequire(import.meta.url);
const { DuckDBInstance } = require("@duckdb/node-api");
const { runMod, setGlobalConfig } = require("@datapy/sdk");

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
const [corpusArgument = process.env.DATAPY_CSV_CORPUS, scorer = process.env.DATAPY_CSV_SCORER] = positionals;
const scratch = mkdtempSync(path.join(os.tmpdir(), "datapy-csv-safety-"));

function corpusFolder(given) {
  if (statSync(given).isDirectory()) return existsSync(path.join(given, "csv")) ? given : path.join(given, "polluted");
  const done = spawnSync("tar", ["-xf", given, "-C", scratch], { stdio: "inherit" });
  if (done.status !== 0) throw new Error(`${given} cannot be unpacked`);
  return path.join(scratch, "polluted");
}

/** Parameters as a user would write them who knows the file's dialect. */
function declaredParameters(file) {
  const known = JSON.parse(readFileSync(file, "utf8"));
  // A file without any payload has no dialect to declare.
  if (known.delimiter === "") return {};
  return {
    delimiter: known.delimiter,
    quote: known.quotechar,
    escape: known.escapechar,
    encoding: known.encoding,
    header: known.header_lines,
    skip_rows: known.preamble_lines,
    skip_footer: known.footnote_lines,
    ...(known.header_lines === 0
      ? { columns: Object.fromEntries(known.column_names.map((name) => [name, "VARCHAR"])) }
      : {}),
  };
}

/** Files read otherwise than they are without a word; undamaged rows that do not arrive; sound files that are reported. */
const TARGETS = {
  declared: { most: { silent: 0, lost: 100, alarms: 0 }, verdict: "limit: none silent, 100 lost, no false alarm" },
  detected: { most: { silent: 3, lost: 500, alarms: Infinity }, verdict: "limit: 3 silent, 500 lost" },
};

async function readAll(corpus, mode, out) {
  mkdirSync(out, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const told = {};
  for (const name of readdirSync(path.join(corpus, "csv")).sort()) {
    const declared =
      mode === "declared" ? declaredParameters(path.join(corpus, "parameters", `${name}_parameters.json`)) : {};
    const parameters = {
      input_path: path.join(corpus, "csv", name),
      on_bad_row: "quarantine",
      header_repair: "repair",
      on_empty: "ok",
      ...declared,
    };
    // A file that is refused is one of the outcomes that are counted.
    const result = await runMod(require.resolve("@datapy/mod-csv-reader"), parameters, { failOnError: false });
    const target = path.join(out, name);
    const said = result.status === "error" ? result.errors : result.warnings;
    if (result.status !== "error") {
      if (result.artifacts.output_data) {
        const query = `SELECT columns(*)::VARCHAR FROM read_parquet('${result.artifacts.output_data}')`;
        await connection.run(`COPY (${query}) TO '${target}' (HEADER, FORCE_QUOTE *)`);
      } else writeFileSync(target, "");
    }
    writeFileSync(`${target}.report.json`, JSON.stringify({ reported: said.length > 0 }));
    told[name] = said;
  }
  connection.closeSync();
  instance.closeSync();
  writeFileSync(path.join(out, "why.json"), JSON.stringify(told, undefined, 1));
}

async function measure() {
  setGlobalConfig({ work_path: path.join(scratch, "work"), log_level: "error" });
  const corpus = corpusFolder(path.resolve(corpusArgument));
  const { model } = os.cpus()[0];
  console.log(
    `machine: ${os.cpus().length} × ${model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.platform()} ${os.release()}, node ${process.version}`,
  );
  console.log(`command: node benchmarks/csv-safety/run.mjs ${process.argv.slice(2).join(" ")}`);
  for (const mode of ["declared", "detected"]) {
    const out = path.join(values.out ?? scratch, mode);
    rmSync(out, { recursive: true, force: true });
    await readAll(corpus, mode, out);
    const score = (...more) =>
      spawnSync(process.execPath, [scorer, corpus, out, ...more], { encoding: "utf8" })
        .stdout.trim()
        .split("\n");
    const line = score().at(-1);
    const figure = (words) => Number(new RegExp(`${words} (\\d+)`).exec(line)?.[1]);
    const [silent, lost, alarms] = [figure("SILENT"), figure("rows lost"), figure("without need")];
    const { most, verdict } = TARGETS[mode];
    const isMet = silent <= most.silent && lost <= most.lost && alarms <= most.alarms;
    console.log(`dialect ${mode}: ${line} (${verdict}) ${isMet ? "ok" : "MISSED"}`);
    if (!isMet) process.exitCode = 1;
    for (const name of score("--list", "silent")
      .slice(0, -1)
      .filter((line) => line !== ""))
      console.log(`  silent: ${name}`);
  }
}

try {
  if (corpusArgument && scorer) await measure();
  else {
    console.log(
      "usage: run.mjs CORPUS SCORER [--out FOLDER]; or DATAPY_CSV_CORPUS and DATAPY_CSV_SCORER in the environment",
    );
    process.exitCode = 77;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
