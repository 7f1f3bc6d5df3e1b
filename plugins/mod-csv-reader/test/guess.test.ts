import { cpSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { load } from "js-yaml";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import { guessParameters } from "@datapy/sdk/guess";
import type { GuessReport } from "@datapy/sdk/guess";
import { MOD, readTable } from "./support/read-table.js";
import type { TextTable } from "./support/read-table.js";

const samples = path.join(__dirname, "samples");
let work: string;

beforeAll(() => {
  work = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-csv-guess-")));
  setGlobalConfig({ work_path: work, log_level: "error" });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Mods are found from the repository's root; the files are named by their whole paths. */
function guess(source: string): Promise<GuessReport> {
  return guessParameters({ source, cwd: path.resolve(__dirname, "../../.."), env: { DATAPY_DATA_DIR: work } });
}

async function read(params: Record<string, unknown>): Promise<TextTable | undefined> {
  const envelope = await runMod(MOD, params);
  if (envelope.status === "error") return undefined;
  const { output_data: output } = envelope.artifacts;
  return output === undefined ? undefined : readTable(output);
}

/** A table as automatic detection has it: columns whose way of writing dates was found are text there. */
function withoutDates(table: TextTable, columns: Readonly<Record<string, unknown>>): TextTable {
  const names = Object.keys(table.columns);
  const dated = names.map((name) => typeof columns[name] === "object");
  return {
    columns: Object.fromEntries(names.map((name, index) => [name, dated[index] === true ? "" : table.columns[name]!])),
    rows: table.rows.map((row) =>
      row.map((value, index) => (dated[index] === true ? (value === null ? null : "") : value)),
    ),
  };
}

/** One in four of the samples that are read at all: enough to see every parameter found. */
const seeds = readdirSync(samples)
  .sort()
  .filter((name, index) => {
    if (index % 4 !== 0) return false;
    const expected = JSON.parse(readFileSync(path.join(samples, name, "expected.json"), "utf8")) as { status: string };
    return expected.status !== "error";
  });

test.each(seeds)("%s: what is found reads the same table, and stays as it is", async (name) => {
  const folder = path.join(work, name);
  cpSync(path.join(samples, name), folder, { recursive: true });
  const file = path.join(folder, "params.yaml");
  const seed = `# datapy: mod csv-reader\nbase_path: ${JSON.stringify(folder)}\n${readFileSync(file, "utf8")}`;
  writeFileSync(file, seed);
  const { text, found } = await guess(file);
  expect(text.startsWith(seed)).toBe(true);

  writeFileSync(file, text);
  const again = await guess(file);
  expect(again).toMatchObject({ text, found: {} });

  const given = load(seed) as Record<string, unknown>;
  const guessed = load(text) as Record<string, unknown>;
  const [automatic, declared] = [await read(given), await read(guessed)];
  const columns = given["columns"] === undefined ? ((found["columns"] ?? {}) as Record<string, unknown>) : {};
  expect(declared === undefined ? undefined : withoutDates(declared, columns)).toEqual(
    automatic === undefined ? undefined : withoutDates(automatic, columns),
  );
});

test("finds ways of writing dates, keeps every value, and asks where two fit", async () => {
  const file = path.join(work, "dates.csv");
  writeFileSync(
    file,
    [
      "iso;german;american;either;worded;mixed;time;none",
      "2024-01-31;31.01.2024;1/31/2024;01/02/2024;Jan 31 2024;31.01.2024;31.01.2024 10:15;",
      "2024-02-29;29.02.2024;02/29/2024;03/04/2024;Feb 9 2024;unknown;29.02.2024 23:59;",
    ].join("\n"),
  );
  const { text, found } = await guess(file);
  expect(found["columns"]).toEqual({
    iso: "DATE",
    german: { type: "DATE", format: "%d.%m.%Y" },
    american: { type: "DATE", format: "%m/%d/%Y" },
    either: "VARCHAR",
    worded: { type: "DATE", format: "%b %d %Y" },
    mixed: "VARCHAR",
    time: { type: "TIMESTAMP", format: "%d.%m.%Y %H:%M" },
    none: "VARCHAR",
  });
  expect(text).toContain('# either: every value can be read as DATE "%d/%m/%Y" or DATE "%m/%d/%Y"');
  const table = await read(load(text) as Record<string, unknown>);
  expect(table?.rows[1]).toEqual([
    "2024-02-29",
    "2024-02-29",
    "2024-02-29",
    "03/04/2024",
    "2024-02-09",
    "unknown",
    "2024-02-29 23:59:00",
    null,
  ]);
});

test("warns of damaged rows and says nothing of a file without rows", async () => {
  const damaged = path.join(work, "damaged.csv");
  writeFileSync(damaged, "id,name\n1,a\n2,b,c\n3,d\n");
  expect((await guess(damaged)).warnings).toEqual([expect.stringContaining("1 rows are damaged") as string]);
  const empty = path.join(work, "empty.csv");
  writeFileSync(empty, "");
  expect(await guess(empty)).toMatchObject({
    text: `# datapy: mod csv-reader\ninput_path: ${empty}\n`,
    warnings: ["there are no rows to look at; nothing was found out"],
  });
});
