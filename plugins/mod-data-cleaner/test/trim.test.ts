// `trim` takes a shorter way where a table has blanks alone at the ends of its texts: what comes out must not depend on the way.
import path from "node:path";
import { runMod } from "@datapy/sdk";
import { scratchTables } from "../../../test/support/scratch-tables.js";
import cleaner from "../src/index.js";

const scratch = scratchTables("trim");

// White_Space of Unicode and the byte order mark.
const SPACES = [
  ..." \t\n\v\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
];
const CORES = [
  "",
  "x",
  "a b",
  "a\tb",
  "\u0001x\u0002",
  "é",
  "日本\u3000語",
  "😀",
  "%",
  "_%",
  "'\"",
  "e\u0301",
  "\u200b",
];
const ALL = new Set(SPACES);

function trimmed(text: string): string {
  const characters = [...text];
  while (ALL.has(characters[0] ?? "")) characters.shift();
  while (ALL.has(characters.at(-1) ?? "")) characters.pop();
  return characters.join("");
}

const around = (spaces: readonly string[]): string[] =>
  CORES.flatMap((core) =>
    spaces.flatMap((space) => [core, space + core, core + space, space + core + space, ` ${space}${core}${space} `]),
  );

const BLANKS = around([" ", "  "]);
const EVERY = around(SPACES);

async function write(name: string, columns: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const file = path.join(scratch.folder, `${name}.parquet`);
  const rows = Math.max(...Object.values(columns).map(({ length }) => length));
  const list = Object.entries(columns).map(([column, values]) => {
    // Every seventh value is NULL.
    const texts = Array.from({ length: rows }, (_, row) =>
      row % 7 === 6 ? "null" : `'${(values[row % values.length] ?? "").replaceAll("'", "''")}'`,
    );
    return `unnest([${texts.join(", ")}]::varchar[]) as ${column}`;
  });
  await scratch.connection.run(
    `copy (select ${list.join(", ")}, unnest(range(${String(rows)})) as row) to '${file}' (format parquet)`,
  );
  return file;
}

/** The rows as JSON texts of their bytes: the bindings drop a byte order mark at the beginning of a text. */
async function read(file: string): Promise<{ a: string | null; b: string | null; c: string | null }[]> {
  const bytes = ["a", "b", "c"].map((column) => `hex(${column}::varchar) as ${column}`).join(", ");
  const rows = (
    await scratch.connection.runAndReadAll(`select ${bytes} from '${file}' order by row`)
  ).getRowObjectsJson();
  const text = (hex: unknown): string | null => (typeof hex === "string" ? Buffer.from(hex, "hex").toString() : null);
  return rows.map(({ a, b, c }) => ({ a: text(a), b: text(b), c: text(c) }));
}

const cut = (value: string | null): string | null => (value === null ? null : trimmed(value));

test.each([
  ["blanks alone", { a: BLANKS, b: BLANKS, c: ["1"] }],
  ["every kind of white space", { a: EVERY, b: EVERY, c: [" 1", "2 "] }],
  ["blanks in one column, other spaces in the next", { a: BLANKS, b: EVERY, c: ["\u00a01", "2\t"] }],
  ["nothing to trim", { a: ["x", "é y"], b: ["y"], c: ["1"] }],
])("%s", async (name, columns) => {
  const file = await write(name.replaceAll(" ", "-").replace(",", ""), columns);
  const given = await read(file);
  const changes = (column: "a" | "b" | "c"): number => given.filter((row) => row[column] !== cut(row[column])).length;
  const counted = Object.fromEntries(
    (["a", "b", "c"] as const).map((column) => [column, changes(column)] as const).filter(([, count]) => count > 0),
  );
  for (const more of [{}, { cast: { c: "INTEGER" } }, { fill: { b: "mode" as const } }]) {
    const envelope = await runMod(cleaner, { input_artifact: file, trim: true, ...more });
    if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
    const output = await read(envelope.artifacts.output_data);
    expect(output.map(({ a }) => a)).toEqual(given.map(({ a }) => cut(a)));
    if (!("fill" in more)) expect(output.map(({ b }) => b)).toEqual(given.map(({ b }) => cut(b)));
    expect(output.map(({ c }) => c)).toEqual(given.map(({ c }) => cut(c)));
    expect((envelope.metrics["changes"] as Record<string, unknown>)["trim"] ?? {}).toEqual(counted);
  }
});

test("with a row set aside the others are trimmed too", async () => {
  const file = await write("set-aside", { a: EVERY, b: BLANKS, c: ["1", " 2 ", "x"] });
  const given = await read(file);
  const kept = given.filter(({ c }) => c !== "x");
  const envelope = await runMod(cleaner, {
    input_artifact: file,
    trim: true,
    cast: { c: "INTEGER" },
    on_bad_row: "quarantine",
  });
  if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
  const output = await read(envelope.artifacts.output_data);
  expect(output).toHaveLength(kept.length);
  expect(output.map(({ a }) => a)).toEqual(kept.map(({ a }) => cut(a)));
  expect(output.map(({ b }) => b)).toEqual(kept.map(({ b }) => cut(b)));
});
