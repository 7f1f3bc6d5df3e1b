// The measuring of run.mjs, which see: runs both sides in turn and sets the exit code.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const require = createRequire(import.meta.url);
const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "5000000" },
    "upsert-rows": { type: "string" },
    pairs: { type: "string", default: "3" },
    only: { type: "string", default: "load,unload,upsert,pipeline" },
    "times-ten": { type: "boolean", default: false },
  },
});
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");
const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-database-bench-"));
/** Most memory that the process of the pipeline may take at any moment, in MiB. */
const PEAK_LIMIT = 1536;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const TABLE =
  "(id bigint, name text, day date, ts timestamp, amount numeric(12,2), score double precision, active boolean, code text)";

const { createJiti } = require(require.resolve("jiti", { paths: [path.join(root, "framework/sdk")] }));
const { startPostgresql } = await createJiti(import.meta.url).import(
  path.join(root, "framework/database/test/servers/postgresql-server.ts"),
);

async function generate(rows, name, query) {
  const { DuckDBInstance } = require("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const parquet = path.join(folder, `${name}.parquet`);
  const csv = path.join(folder, `${name}.csv`);
  await connection.run(`copy (${query(rows)}) to '${parquet}' (format parquet)`);
  await connection.run(`copy (from '${parquet}') to '${csv}' (header false)`);
  connection.closeSync();
  instance.closeSync();
  return { parquet, csv };
}

const columns = (
  id,
) => `${id} as id, 'customer name ' || (hash(i) % 100000) as name, date '2020-01-01' + (i % 1500)::int as day,
  timestamp '2020-01-01 00:00:00' + interval (i % 100000000) second as ts, ((hash(i) % 10000000) / 100.0)::decimal(12,2) as amount,
  (hash(i * 7) % 1000000) / 1000.0::double + 0.5 as score, i % 2 = 0 as active, 'ABCDE' || substr(md5(i::varchar), 1, 14) as code`;

/** Rows as they come: blanks round texts, empty values, one row in a hundred twice. Every value casts. */
async function generateDirty(rows, name) {
  const { DuckDBInstance } = require("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const csv = path.join(folder, `${name}.csv`);
  const blank = (text) => `case when i % 3 = 0 then '  ' || ${text} || ' ' else ${text} end`;
  const typed = `select case when i % 100 = 99 then i - 1 else i end as i from range(${rows}) t(i)`;
  await connection.run(`copy (select i as id, ${blank("'customer name ' || (hash(i) % 100000)")} as name, strftime(date '2020-01-01' + (i % 1500)::int, '%d/%m/%Y') as day,
    timestamp '2020-01-01 00:00:00' + interval (i % 100000000) second as ts, case when i % 50 = 0 then null else ((hash(i) % 10000000) / 100.0)::decimal(12,2)::varchar end as amount,
    (hash(i * 7) % 1000000) / 1000.0::double + 0.5 as score, case when i % 2 = 0 then 'true' else 'false' end as active, ${blank("'ABCDE' || substr(md5(i::varchar), 1, 14)")} as code
    from (${typed})) to '${csv}' (header)`);
  connection.closeSync();
  instance.closeSync();
  return csv;
}

function seconds(action) {
  const from = process.hrtime.bigint();
  const result = action();
  return { seconds: Number(process.hrtime.bigint() - from) / 1e9, result };
}

const server = await startPostgresql(["max_wal_size=8GB", "shared_buffers=512MB", "checkpoint_timeout=30min"]);
const psql = (...statements) => {
  const args = ["-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", server.connectionString];
  return execFileSync("psql", [...args, ...statements.flatMap((one) => ["-c", one])], {
    encoding: "utf8",
    env: { ...process.env, PGOPTIONS: "-c client_min_messages=warning" },
  });
};
const mod = (name, parameters) => {
  const entry = path.join(root, `plugins/mod-database-${name}/dist/index.js`);
  const given = JSON.stringify({ connection_string: server.connectionString, ...parameters });
  const done = spawnSync(process.execPath, [path.join(here, "side.mjs"), entry, path.join(folder, "work"), given], {
    encoding: "utf8",
    cwd: root,
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout);
};

const script = (csv, table) => {
  const given = JSON.stringify({
    csv,
    table,
    connection: server.connectionString,
    workPath: path.join(folder, "work"),
  });
  const done = spawnSync(process.execPath, [path.join(here, "pipeline.mjs"), given], { encoding: "utf8", cwd: root });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout);
};

/** Seconds of each step of a script, and of the processor within it. */
const steps = ({ seconds: taken, processor }) =>
  taken === undefined
    ? ""
    : `; ${Object.entries(taken)
        .map(([name, value]) => `${name} ${value} s (${processor[name]} s)`)
        .join(", ")}`;

function compare(title, limit, ours, theirs, prepare = () => undefined, other = "psql", own = "mod") {
  const ratios = [];
  let peak = 0;
  for (let pair = 1; pair <= Number(values.pairs); pair += 1) {
    prepare("theirs");
    const their = seconds(theirs);
    rmSync(path.join(folder, "work"), { recursive: true, force: true });
    prepare("ours");
    const our = seconds(ours);
    const ratio = our.seconds / their.seconds;
    ratios.push(ratio);
    peak = Math.max(peak, our.result.peak_mib);
    console.log(
      `${title} ${pair}: ${other} ${their.seconds.toFixed(2)} s, ${own} ${our.seconds.toFixed(2)} s (${our.result.rows} rows, peak ${our.result.peak_mib} MiB, processor ${our.result.cpu_seconds} s${steps(our.result)}), ratio ${ratio.toFixed(2)}`,
    );
    rmSync(path.join(folder, "work"), { recursive: true, force: true });
  }
  const value = median(ratios);
  console.log(`${title}: median ratio ${value.toFixed(2)} (limit ${limit}) ${value <= limit ? "ok" : "MISSED"}`);
  return { ok: value <= limit, peak };
}

let ok = true;
try {
  const only = values.only.split(",");
  const rows = Number(values.rows);
  const upserts = Number(values["upsert-rows"] ?? Math.ceil(rows / 5));
  console.log(`command: node benchmarks/database/run.mjs ${process.argv.slice(2).join(" ")}`.trimEnd());
  console.log(
    `machine: ${os.cpus().length} × ${os.cpus()[0].model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, node ${process.version}`,
  );
  const all = await generate(rows, "rows", (count) => `select ${columns("i")} from range(${count}) t(i)`);
  console.log(
    `input: ${rows} rows × 8 columns, ${Math.round(statSync(all.csv).size / 1e6)} MB as CSV, ${Math.round(statSync(all.parquet).size / 1e6)} MB as Parquet`,
  );

  if (only.includes("load")) {
    ok =
      compare(
        "load",
        1.3,
        () => mod("writer", { input_artifact: all.parquet, table_name: "ours" }),
        () => psql(`\\copy theirs from '${all.csv}' (format csv)`),
        (side) => psql(`drop table if exists ${side}`, `create table ${side} ${TABLE}`, "checkpoint"),
      ).ok && ok;
  }
  if (only.includes("unload")) {
    psql(
      "drop table if exists source",
      `create table source ${TABLE}`,
      `\\copy source from '${all.csv}' (format csv)`,
      "vacuum analyze source",
    );
    ok =
      compare(
        "unload",
        1.8,
        () => mod("reader", { table_name: "source" }),
        () => psql(`\\copy source to '${path.join(folder, "out.csv")}' (format csv)`),
      ).ok && ok;
  }
  if (only.includes("upsert")) {
    // Half of the keys are there already, spread over the whole table.
    const changes = await generate(
      upserts,
      "changes",
      (count) =>
        `select ${columns(`case when i % 2 = 0 then (i * ${Math.floor(rows / upserts)}) else ${rows} + i end`)} from range(${count}) t(i)`,
    );
    const script = path.join(folder, "upsert.sql");
    const names = ["name", "day", "ts", "amount", "score", "active", "code"];
    writeFileSync(
      script,
      `begin;\ncreate temp table stage ${TABLE} on commit drop;\n\\copy stage from '${changes.csv}' (format csv)\ninsert into theirs select * from stage on conflict (id) do update set ${names.map((name) => `${name} = excluded.${name}`).join(", ")};\ncommit;\n`,
    );
    ok =
      compare(
        "upsert",
        1.3,
        () =>
          mod("writer", {
            input_artifact: changes.parquet,
            table_name: "ours",
            write_mode: "upsert",
            key_columns: ["id"],
          }),
        () => execFileSync("psql", ["-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", server.connectionString, "-f", script]),
        (side) =>
          psql(
            `drop table if exists ${side}`,
            `create table ${side} ${TABLE}`,
            `\\copy ${side} from '${all.csv}' (format csv)`,
            `alter table ${side} add primary key (id)`,
            `vacuum analyze ${side}`,
            "checkpoint",
          ),
      ).ok && ok;
  }
  if (only.includes("pipeline")) {
    const input = await generateDirty(rows, "dirty");
    // The clean table, as the pipeline itself makes it, is what the load alone gets.
    const first = script(input, "ours");
    const clean = path.join(folder, "clean.parquet");
    renameSync(first.clean, clean);
    const compared = compare(
      "pipeline",
      2.0,
      () => script(input, "ours"),
      () => mod("writer", { input_artifact: clean, table_name: "theirs" }),
      (side) => psql(`drop table if exists ${side}`, "checkpoint"),
      "load alone",
      "four mods",
    );
    ok = compared.ok && ok;
    let peak = compared.peak;
    if (values["times-ten"]) {
      rmSync(input);
      psql("drop table if exists ours", "drop table if exists theirs", "checkpoint");
      peak = script(await generateDirty(rows * 10, "dirty10"), "ours").peak_mib;
      console.log(`pipeline: peak ${compared.peak} MiB with ${rows} rows, ${peak} MiB with ${rows * 10}`);
    }
    ok = peak <= PEAK_LIMIT && ok;
    console.log(`pipeline: peak ${peak} MiB (limit ${PEAK_LIMIT}) ${peak <= PEAK_LIMIT ? "ok" : "MISSED"}`);
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = ok ? 0 : 1;
