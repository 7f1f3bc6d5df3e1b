// `npm run demo`, and whether what it shows is true: every film of the file has either arrived with every value equal, or was set aside.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { onScreen } from "../../framework/sdk/test/progress/screen.js";

const root = path.resolve(__dirname, "../..");
const data = path.join(root, "projects/customer-analytics/data/movies.csv");

interface Film {
  readonly line: number;
  readonly text: string;
  readonly values: string[];
}

// The file was written without quotes: a line with as many fields as the header is a film, whatever is in it.
const [header = "", ...lines] = readFileSync(data, "utf8").trimEnd().split("\n");
const names = header.split(",");
const films: Film[] = lines.map((text, index) => ({ line: index + 2, text, values: text.split(",") }));

async function query(text: string): Promise<(string | null)[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(text)).getRowsJson() as (string | null)[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test("shows rows, what was set aside, and where everything is", async () => {
  // As from a shell: jest's own NODE_ENV is not what a user has.
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" };
  delete env["NODE_ENV"];
  const done = spawnSync(process.execPath, ["scripts/demo.mjs"], { cwd: root, env, encoding: "utf8" });
  expect({ status: done.status, stderr: done.stderr }).toEqual({ status: 0, stderr: "" });
  expect(done.stdout).toContain("exit code 10");
  expect(done.stdout).toContain("3,201 rows read = 3,149 written + 52 set aside");
  expect(done.stdout).toMatch(/STAGE +STEP +RUNS/);
  expect(done.stdout).toMatch(/\[is_out\] +\S.* 20\d\d-/);
  expect(done.stdout).toMatch(/films +3,128\n +viewings +200,000\n/);
  expect(done.stdout).toMatch(/Title +Release Date +US Gross/);
  expect(done.stdout).toMatch(/ 3 +17 fields where 16 are expected +First Love, Last Rites,10876/);

  const file = (label: string): string => {
    const found = new RegExp(`^ +${label} +(\\S*[\\\\/].*)$`, "m").exec(done.stdout)?.[1];
    if (found === undefined) throw new Error(`${label} is not among the places:\n${done.stdout}`);
    return path.resolve(root, found);
  };
  expect(readFileSync(file("log"), "utf8")).toContain("run ended");
  const places = { table: file("table").replaceAll("'", "''"), aside: file("set aside").replaceAll("'", "''") };

  const columns = names.map((name) =>
    name === "Release Date" ? `strftime("${name}", '%b %d %Y')` : `"${name}"::varchar`,
  );
  const arrived = await query(`select ${columns.join(", ")} from read_parquet('${places.table}')`);
  const expected = films.filter((film) => film.values.length === names.length);
  const rating = names.indexOf("IMDB Rating");
  const comparable = (row: (string | null)[]): (string | number | null)[] =>
    row.map((value, column) => (column === rating && value !== null ? Number(value) : value));
  expect(arrived.map(comparable)).toEqual(
    expected.map((film) => comparable(film.values.map((value) => (value === "" ? null : value)))),
  );

  const aside = await query(`select line::varchar, raw from read_parquet('${places.aside}') order by line`);
  expect(aside).toEqual(
    films.filter((film) => film.values.length !== names.length).map((film) => [String(film.line), film.text]),
  );

  const next = [...done.stdout.matchAll(/^ {2}npx datapy (\S.*?) {2,}/gm)].map((match) => match[1] ?? "");
  expect(next.length).toBeGreaterThanOrEqual(4);
  const project = path.join(root, "projects", "customer-analytics");
  for (const command of next) {
    const run = [path.join(root, "framework/cli/bin/run.js"), ...command.split(" ")];
    const tried = spawnSync(process.execPath, run, { cwd: project, env, encoding: "utf8" });
    expect({ command, status: tried.status, said: tried.stdout !== "" }).toEqual({ command, status: 0, said: true });
  }
});

test("fits a narrow terminal, and leaves no live line among what it shows", async () => {
  const columns = 60;
  const screen = await onScreen([process.execPath, "scripts/demo.mjs"], {
    columns,
    rows: 40,
    cwd: root,
    env: { HOME: process.env["HOME"] ?? "", NO_COLOR: "1" },
  });
  expect(screen.exitCode).toBe(0);
  const { lines } = screen;
  // The log is live: it stands between the command and the steps, which begin after an empty line.
  const steps = lines.findIndex((line) => /^ {2}read_films +warning +[\d.]+ s +3,149 rows$/.test(line));
  expect(lines[steps - 1]).toBe("");
  expect(lines.slice(0, steps).filter((line) => line.includes("run started")).length).toBeGreaterThanOrEqual(7);
  expect(lines.filter((line) => /^(?:read|clean|check|load|make)_\w+ {2}/.test(line))).toEqual([]);
  const from = lines.findIndex((line) => line.startsWith("A few of the rows as read"));
  const tables = lines.slice(from, lines.indexOf("Where it is"));
  expect(tables.filter((line) => line.length >= columns && line.startsWith("  "))).toEqual([]);
  expect(tables).toContainEqual(expect.stringMatching(/^ {5}3 {2}17 fields.*First Love, .*…$/));

  expect(screen.raw).not.toMatch(/\u001b\[[\d;]*m/);
});
