// Load, unload and upsert of PostgreSQL by the database mods against psql doing the same.
//
//   node benchmarks/database/run.mjs [--rows 5000000] [--upsert-rows 1000000] [--pairs 3] [--only load,unload,upsert]
//
// Starts a PostgreSQL server of its own from npm, generates rows × 8 typed columns as Parquet and as CSV, and runs both sides in turn,
// each in a process of its own. Needs `psql` (Debian: postgresql-client). Prints every pair's ratio and the median.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const require = createRequire(import.meta.url);
const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "5000000" },
    "upsert-rows": { type: "string", default: "1000000" },
    pairs: { type: "string", default: "3" },
    only: { type: "string", default: "load,unload,upsert" },
  },
});
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");
const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-database-bench-"));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const TABLE =
  "(id bigint, name text, day date, ts timestamp, amount numeric(12,2), score double precision, active boolean, code text)";

if (spawnSync("psql", ["--version"]).status !== 0) {
  throw new Error(
    "psql is not installed; there is nothing to compare with (Debian: apt-get install postgresql-client)",
  );
}

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

function seconds(action) {
  const from = process.hrtime.bigint();
  const result = action();
  return { seconds: Number(process.hrtime.bigint() - from) / 1e9, result };
}

const server = await startPostgresql(["max_wal_size=8GB", "shared_buffers=512MB", "checkpoint_timeout=30min"]);
const psql = (...statements) => {
  const args = ["-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", server.connectionString];
  return execFileSync("psql", [...args, ...statements.flatMap((one) => ["-c", one])], { encoding: "utf8" });
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

function compare(title, limit, ours, theirs, prepare = () => undefined) {
  const ratios = [];
  for (let pair = 1; pair <= Number(values.pairs); pair += 1) {
    prepare("theirs");
    const other = seconds(theirs);
    prepare("ours");
    const own = seconds(ours);
    ratios.push(own.seconds / other.seconds);
    console.log(
      `${title} ${pair}: psql ${other.seconds.toFixed(2)} s, mod ${own.seconds.toFixed(2)} s (${own.result.rows} rows, peak ${own.result.peak_mib} MiB), ratio ${(own.seconds / other.seconds).toFixed(2)}`,
    );
    rmSync(path.join(folder, "work"), { recursive: true, force: true });
  }
  const value = median(ratios);
  console.log(`${title}: median ratio ${value.toFixed(2)} (limit ${limit}) ${value <= limit ? "ok" : "MISSED"}`);
  return value <= limit;
}

let ok = true;
try {
  const only = values.only.split(",");
  const rows = Number(values.rows);
  const upserts = Number(values["upsert-rows"]);
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
      ) && ok;
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
      ) && ok;
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
      ) && ok;
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = ok ? 0 : 1;
