// `npm run demo`: installs and builds if needed, runs the main job of projects/customer-analytics, and shows what it made and where.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { prepare } from "./prepare.mjs";
import { CommandFailed, ScriptError, capture, main, root } from "./workspace.mjs";

const project = path.join(root, "projects", "customer-analytics");
const JOB = "jobs/daily-etl/daily_customer_etl.yaml";
const COMMAND = ["run-mod", "csv-reader", "-p", JOB];
const SHOWN = ["Title", "Release Date", "US Gross", "Running Time min", "Major Genre", "IMDB Rating"];

const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code) => (text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, dim, green, yellow] = [paint(1), paint(2), paint(32), paint(33)];

const print = (text = "") => process.stdout.write(`${text}\n`);
const count = (number) => Number(number).toLocaleString("en-US");
const fromHere = (file) => path.relative(process.cwd(), file) || ".";
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Rows as a table that fits the terminal: the last column is cut where it is too long. */
function grid(heads, rows) {
  const width = Math.max(60, process.stdout.columns ?? 110) - 2;
  const texts = [heads, ...rows].map((row) =>
    row.map((value) => (value === null || value === undefined ? "" : String(value))),
  );
  const numeric = heads.map((_head, column) =>
    rows.every((row) => row[column] === null || /^-?[\d,.]+$/.test(String(row[column]))),
  );
  const widths = heads.map((_head, column) => Math.min(34, Math.max(...texts.map((row) => row[column].length))));
  const others = widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0);
  widths[widths.length - 1] = Math.max(
    10,
    Math.min(width - others, Math.max(...texts.map((row) => row.at(-1).length))),
  );
  const cut = (text, size) => (text.length > size ? `${text.slice(0, size - 1)}…` : text);
  const line = (row) =>
    `  ${row.map((text, column) => (numeric[column] ? cut(text, widths[column]).padStart(widths[column]) : cut(text, widths[column]).padEnd(widths[column]))).join("  ")}`.trimEnd();
  return [bold(line(texts[0])), ...texts.slice(1).map(line)].join("\n");
}

async function queries() {
  const { DuckDBInstance } = createRequire(path.join(root, "framework/sdk/package.json"))("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  return {
    rows: async (text) => (await connection.runAndReadAll(text)).getRowsJson(),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

async function showTables({ output_data: output, quarantine }) {
  const database = await queries();
  try {
    const columns = await database.rows(
      `select column_name, column_type from (describe from read_parquet(${quoted(output)}))`,
    );
    const types = new Map(columns);
    const selected = SHOWN.map((name) => `"${name}"`).join(", ");
    const first = await database.rows(
      `select ${selected} from read_parquet(${quoted(output)}) where "Running Time min" is not null limit 5`,
    );
    print(`\n${bold("A few of the rows")} ${dim(`(${SHOWN.length} of ${types.size} columns)`)}\n`);
    print(grid(SHOWN, [SHOWN.map((name) => types.get(name)), ...first]));
    if (quarantine === undefined) return;
    const [[total]] = await database.rows(`select count(*) from read_parquet(${quoted(quarantine)})`);
    const bad = await database.rows(
      `select line, reason, raw from read_parquet(${quoted(quarantine)}) order by line limit 5`,
    );
    print(
      `\n${bold("Set aside")} ${dim(`(${bad.length} of ${count(total)}; each title has a comma and no quotes, so nobody can say which comma separates)`)}\n`,
    );
    print(grid(["line", "reason", "the line as it stands in the file"], bad));
  } finally {
    database.close();
  }
}

await main(async () => {
  const started = performance.now();
  await prepare((text) => print(dim(text)));
  const cli = path.join(root, "framework/cli/bin/run.js");

  print(`\n${bold("DataPy demo")}: a CSV file of 3,201 films, as a careless export wrote it, becomes a typed table.\n`);
  print(`  ${dim("$")} cd ${fromHere(project)}`);
  print(`  ${dim("$")} npx datapy ${COMMAND.join(" ")}\n`);
  const run = performance.now();
  const { status, stdout, stderr } = await capture("node", [cli, ...COMMAND], { cwd: project });
  const took = seconds(run);
  let envelope;
  try {
    envelope = JSON.parse(stdout);
  } catch {
    process.stderr.write(`${stderr}\n${stdout}\n`);
    throw new CommandFailed(`datapy ${COMMAND.join(" ")}`, status);
  }
  if (envelope.status === "error")
    throw new ScriptError(`The job failed with exit code ${status}:\n${envelope.errors.join("\n")}`);

  const { metrics, artifacts, logs } = envelope;
  const mark = envelope.status === "success" ? green(`✓ ${envelope.status}`) : yellow(`! ${envelope.status}`);
  print(`  ${mark}, exit code ${status}, ${took}`);
  print(
    `  ${count(metrics.rows_read)} rows read = ${count(metrics.rows_output)} written + ${count(metrics.rows_rejected)} set aside`,
  );
  await showTables(artifacts);

  const ledger = path.join(project, ".datapy", "runs");
  print(`\n${bold("Where it is")}\n`);
  print(`  table       ${fromHere(artifacts.output_data)}`);
  if (artifacts.quarantine !== undefined) print(`  set aside   ${fromHere(artifacts.quarantine)}`);
  print(`  log         ${fromHere(logs.log_file)}`);
  if (existsSync(ledger)) print(`  run ledger  ${fromHere(ledger)}`);
  print(`\n${bold("Try next")} ${dim(`(in ${fromHere(project)})`)}\n`);
  for (const [command, what] of [
    ["npx datapy mods", "which mods there are"],
    ["npx datapy mods info csv-reader", "what this one takes"],
    ["npx datapy config explain jobs/daily-etl/daily_customer_etl.yaml", "where each parameter comes from"],
    ["npx datapy runs", "what has run so far"],
  ]) {
    print(`  ${command.padEnd(66)} ${dim(what)}`);
  }
  print(dim(`\n${seconds(started)} in all.`));
});
