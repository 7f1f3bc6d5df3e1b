// `npm run demo`: installs and builds if needed, runs the main job of projects/customer-analytics, and shows what it made and where.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { prepare } from "./prepare.mjs";
import { CommandFailed, ScriptError, capture, main, root } from "./workspace.mjs";

const project = path.join(root, "projects", "customer-analytics");
const JOB = "jobs/daily-etl/daily_customer_etl.yaml";
const COMMAND = ["run-job", JOB];
const SHOWN = ["Title", "Release Date", "US Gross", "Running Time min", "Major Genre", "IMDB Rating"];

const colours = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb";
const paint = (code) => (text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, dim, green, yellow] = [paint(1), paint(2), paint(32), paint(33)];

const print = (text = "") => process.stdout.write(`${text}\n`);
const count = (number) => Number(number).toLocaleString("en-US");
const fromHere = (file) => path.relative(process.cwd(), file) || ".";
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Rows as a table that fits the terminal: the widest column gives way, texts that are too long are cut. */
function grid(heads, rows, { types = [] } = {}) {
  const text = (value) => (value === null || value === undefined ? "" : String(value));
  const below = types.length > 0 ? [types] : [];
  const texts = [heads, ...below, ...rows.map((row) => row.map(text))];
  const numeric = heads.map((_head, column) => rows.every((row) => /^-?[\d,.]*$/.test(text(row[column]))));
  const widths = heads.map((_head, column) => Math.max(...texts.map((row) => row[column].length)));
  const room = (process.stdout.isTTY ? process.stdout.columns || 80 : 110) - 1;
  const excess = () => widths.reduce((sum, one) => sum + one + 2, 0) - room;
  while (excess() > 0) {
    const widest = widths.lastIndexOf(Math.max(...widths));
    if (widths[widest] <= 6) break;
    widths[widest] -= 1;
  }
  const cell = (value, column) => {
    const width = widths[column];
    const cut = value.length > width ? `${value.slice(0, width - 1)}…` : value;
    return numeric[column] ? cut.padStart(width) : cut.padEnd(width);
  };
  const [head, ...others] = texts.map((row) => `  ${row.map(cell).join("  ")}`.trimEnd());
  return [bold(head), ...others.map((line, index) => (index < below.length ? dim(line) : line))].join("\n");
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

async function showTables(steps) {
  const artifactOf = (id, key) => steps.find(({ step }) => step === id)?.artifacts?.[key];
  const [read, checked] = [artifactOf("read_films", "output_data"), artifactOf("check_films", "output_data")];
  const [damaged, refused] = [artifactOf("read_films", "quarantine"), artifactOf("check_films", "quarantine")];
  const database = await queries();
  try {
    const columns = await database.rows(
      `select column_name, column_type from (describe from read_parquet(${quoted(read)}))`,
    );
    const types = new Map(columns);
    const selected = SHOWN.map((name) => `"${name}"`).join(", ");
    const first = await database.rows(
      `select ${selected} from read_parquet(${quoted(read)}) where "Running Time min" is not null limit 5`,
    );
    print(`\n${bold("A few of the rows as read")} ${dim(`(${SHOWN.length} of ${types.size} columns)`)}\n`);
    print(grid(SHOWN, first, { types: SHOWN.map((name) => types.get(name)) }));
    if (damaged !== undefined) {
      const [[total]] = await database.rows(`select count(*) from read_parquet(${quoted(damaged)})`);
      const bad = await database.rows(
        `select line, reason, raw from read_parquet(${quoted(damaged)}) order by line limit 5`,
      );
      const why = "each title has a comma and no quotes, so nobody can say which comma separates";
      print(`\n${bold("Set aside by the reader")} ${dim(`(${bad.length} of ${count(total)}; ${why})`)}\n`);
      print(grid(["line", "reason", "the line as it stands in the file"], bad));
    }
    if (refused !== undefined) {
      const heads = ["broken_rules", "title", "released_on"];
      const columnsOf = await database.rows(`select column_name from (describe from read_parquet(${quoted(refused)}))`);
      const [, rules] = columnsOf.flat();
      const bad = await database.rows(
        `select "${rules}"::varchar, title, released_on from read_parquet(${quoted(refused)}) order by 3 desc limit 3`,
      );
      print(`\n${bold("Set aside by the rules")} ${dim("(a year of two digits, taken for one of this century)")}\n`);
      print(grid(heads, bad));
    }
    const file = path.join(project, ".datapy", "project.duckdb");
    await database.rows(`attach ${quoted(file)} as target (read_only)`);
    const arrived = [];
    for (const table of ["films", "viewings"]) {
      const [[rows]] = await database.rows(`select count(*) from target.${table}`);
      arrived.push([table, count(rows)]);
    }
    print(`\n${bold("What has arrived in the database")}\n`);
    print(grid(["table", "rows"], arrived));
    return { read, damaged, checked, file };
  } finally {
    database.close();
  }
}

/** Runs the job with its log on this terminal, so that its progress is seen live, and gives what it wrote on stdout. */
function runLive(cli) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...COMMAND], {
      cwd: project,
      stdio: ["ignore", "pipe", process.stderr.isTTY ? "inherit" : "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", reject).on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

await main(async () => {
  const started = performance.now();
  await prepare((text) => print(dim(text)));
  const cli = path.join(root, "framework/cli/bin/run.js");

  print(
    `\n${bold("DataPy demo")}: a night of a film service. A careless export of 3,201 films and 200,000 viewings go into a database.\n`,
  );
  print(`  ${dim("$")} cd ${fromHere(project)}`);
  print(`  ${dim("$")} npx datapy ${COMMAND.join(" ")} --dry-run\n`);
  const plan = await capture("node", [cli, ...COMMAND, "--dry-run"], { cwd: project });
  print(plan.stdout.trimEnd().replace(/^/gm, "  "));
  if (plan.status !== 0) throw new CommandFailed(`datapy ${COMMAND.join(" ")} --dry-run`, plan.status);
  print(`\n  ${dim("$")} npx datapy ${COMMAND.join(" ")}\n`);
  const run = performance.now();
  const { status, stdout, stderr } = await runLive(cli);
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

  const { steps, logs } = envelope;
  // The log of the run stands above, where it was seen live.
  if (process.stderr.isTTY) print();
  for (const { step, status: state, execution_time: time, metrics = {} } of steps) {
    const rows = metrics.rows_output === undefined ? "" : `${count(metrics.rows_output)} rows`;
    print(`  ${step.padEnd(14)} ${state.padEnd(8)} ${`${time.toFixed(1)} s`.padStart(7)}  ${rows.padStart(13)}`);
  }
  const mark = envelope.status === "success" ? green(`✓ ${envelope.status}`) : yellow(`! ${envelope.status}`);
  print(`\n  ${mark}, exit code ${status}, ${took}`);
  const { metrics } = steps.find(({ step }) => step === "read_films");
  print(
    `  ${count(metrics.rows_read)} rows read = ${count(metrics.rows_output)} written + ${count(metrics.rows_rejected)} set aside`,
  );
  const places = await showTables(steps);

  const ledger = path.join(project, ".datapy", "runs");
  print(`\n${bold("Where it is")}\n`);
  print(`  database    ${fromHere(places.file)}`);
  print(`  table       ${fromHere(places.read)}`);
  if (places.damaged !== undefined) print(`  set aside   ${fromHere(places.damaged)}`);
  print(`  artifacts   ${fromHere(path.dirname(path.dirname(places.read)))}`);
  print(`  log         ${fromHere(logs.log_file)}`);
  if (existsSync(ledger)) print(`  run ledger  ${fromHere(ledger)}`);
  print(`\n${bold("Try next")} ${dim(`(in ${fromHere(project)})`)}\n`);
  for (const [command, what] of [
    ["npx datapy run-job jobs/weekly-reports/weekly_reports.yaml", "the report of the week, made of what has arrived"],
    ["npx datapy quarantine list", "what was set aside, and waits to be corrected"],
    ["npx datapy lineage check_films/output_data --columns", "which column comes from where"],
    ["npx datapy config explain jobs/daily-etl/daily_customer_etl.yaml", "where each parameter comes from"],
    ["npx datapy mods", "which mods there are"],
    ["npx datapy runs", "what has run so far"],
  ]) {
    print(`  ${command.padEnd(66)} ${dim(what)}`);
  }
  print(`\n${dim(`${seconds(started)} in all.`)}`);
});
