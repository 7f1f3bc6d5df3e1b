import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import { MOD, readTable } from "./support/read-table.js";

type Cell = string | null;

let work: string;
let files = 0;

beforeAll(() => {
  work = mkdtempSync(path.join(os.tmpdir(), "datapy-csv-property-"));
  setGlobalConfig({ work_path: work, log_level: "critical" });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function read(text: string, params: Record<string, unknown> = {}) {
  const file = path.join(work, `${files++}.csv`);
  writeFileSync(file, text);
  const declared = { input_path: file, delimiter: ",", quote: '"', header: true, skip_rows: 0, on_empty: "ok" };
  return runMod(MOD, { ...declared, ...params });
}

/** Writes a table as RFC 4180 has it: NULL unquoted, everything that needs it quoted, and `""` quoted. */
function write(rows: readonly (readonly Cell[])[], end: string): string {
  const cell = (value: Cell): string => {
    if (value === null) return "";
    return value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  return rows.map((row) => row.map(cell).join(",") + end).join("");
}

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('"', ",", "\n", "\r", "\\", "'", ";", "\t", " ", "é", "日", "😀", "N", "0"),
    maxLength: 8,
  }),
  fc.constantFrom(
    "007",
    "12",
    "-0",
    "1e5",
    "NaN",
    "1.50",
    "2020-01-31",
    "true",
    "NULL",
    "\\N",
    "9223372036854775808",
    "0.1",
  ),
);
const cell = fc.option(
  text.map((value) => Buffer.from(value.replaceAll("\0", "")).toString()),
  { nil: null, freq: 5 },
);
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }));

function named(rows: readonly (readonly Cell[])[]): Cell[][] {
  return [(rows[0] ?? []).map((_, index) => `name ${index}`), ...rows.map((row) => [...row])];
}

test("what was written is read again, NULL and empty text told apart, in whatever types", async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom("\n", "\r\n"), async (rows, end) => {
      const envelope = await read(write(named(rows), end));
      expect(envelope.status).toBe("success");
      if (envelope.status !== "success") return;
      expect((await readTable(envelope.artifacts["output_data"] ?? "")).rows).toEqual(rows);
    }),
    { numRuns: 60 },
  );
});

const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`));
const padded = (most: number) => fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, "0"));
const day = fc.oneof(
  fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  fc.tuple(digits(4), padded(13), padded(32)).map((parts) => parts.join("-")),
);
const clock = fc
  .tuple(padded(25), padded(60), padded(61), fc.constantFrom("", ".5", ".50", ".123456", ".1234567"))
  .map(([hour, minute, second, rest]) => `${hour}:${minute}:${second}${rest}`);
/** Texts of one kind: what a reader may take for a type, at the edges of that type and past them. */
const typedLooking = [
  fc.oneof(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String), fc.integer().map(String), digits(20)),
  fc.tuple(fc.integer({ min: -999, max: 999 }), digits(18)).map((parts) => parts.join(".")),
  fc.oneof(
    fc.double({ noNaN: true }).map(String),
    fc.integer({ min: -9999, max: 9999 }).map((cents) => String(cents / 100)),
  ),
  day,
  clock,
  fc.tuple(day, fc.constantFrom(" ", "T"), clock, fc.constantFrom("", "", "Z", "+01")).map((parts) => parts.join("")),
  fc.constantFrom("true", "false", "True", "t", "1"),
];
const column = fc
  .constantFrom(...typedLooking)
  .chain((kind) => fc.array(fc.option(kind, { nil: null, freq: 20 }), { minLength: 4, maxLength: 4 }));

test("a type that is found keeps every text letter for letter", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(column, { minLength: 1, maxLength: 6 }), async (columns) => {
      const rows = [0, 1, 2, 3].map((row) => [`row ${row}`, ...columns.map((values) => values[row] ?? null)]);
      const envelope = await read(write(named(rows), "\n"));
      expect(envelope.status).toBe("success");
      if (envelope.status !== "success") return;
      expect((await readTable(envelope.artifacts["output_data"] ?? "")).rows).toEqual(rows);
    }),
    { numRuns: 40 },
  );
});

test("the same text in UTF-16, and with each escape, gives the same rows", async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom("utf-16le", "backslash"), async (rows, how) => {
      // Doubled line ends inside a value are the business of the plain test.
      const source = write(named(rows), "\n");
      const escaped = named(rows)
        .map(
          (row) => row.map((value) => (value === null ? "" : `"${value.replace(/["\\]/g, "\\$&")}"`)).join(",") + "\n",
        )
        .join("");
      const file = path.join(work, `${files++}.csv`);
      writeFileSync(file, how === "backslash" ? escaped : Buffer.from(source, "utf16le"));
      const envelope = await runMod(MOD, {
        input_path: file,
        delimiter: ",",
        quote: '"',
        header: true,
        skip_rows: 0,
        ...(how === "backslash" ? { escape: "\\" } : { encoding: how, escape: '"' }),
      });
      expect(envelope.status).toBe("success");
      if (envelope.status !== "success") return;
      expect((await readTable(envelope.artifacts["output_data"] ?? "")).rows).toEqual(rows);
    }),
    { numRuns: 40 },
  );
});

test("one delimiter or quote too many or too few is never silent, and costs no other row", async () => {
  const plain = fc.array(
    fc.tuple(fc.nat(999), fc.stringMatching(/^[a-z]{1,6}$/), fc.stringMatching(/^[a-z]{1,5}, [a-z]{1,5}$/), fc.nat(99)),
    {
      minLength: 3,
      maxLength: 10,
    },
  );
  const damage = fc.constantFrom<(line: string, at: number) => string>(
    (line, at) => `${line.slice(0, at)},${line.slice(at)}`,
    (line, at) => `${line.slice(0, at)}"${line.slice(at)}`,
    (line) => line.replace(",", ""),
    (line) => line.replace('"', ""),
    (line) => line.replace(/"(?=[^"]*$)/, ""),
    (line) => line.replaceAll(",", ";"),
    (line) => `${line},`,
    (line) => `${line}"`,
  );
  await fc.assert(
    fc.asyncProperty(plain, damage, fc.nat(1000), fc.nat(1000), async (rows, hurt, row, at) => {
      const lines = rows.map(([a, b, c, d]) => `${a},${b},"${c}",${d}`);
      const index = row % lines.length;
      const line = lines[index] ?? "";
      const damaged = hurt(line, at % (line.length + 1));
      // What still is a sound row of four values shows no damage: a comma more inside the quoted text, say.
      fc.pre(!/^[^",]*,[^",]*,(?:"(?:[^"]|"")*"|[^",]*),[^",]*$/.test(damaged));
      lines[index] = damaged;
      const envelope = await read(`a,b,c,d\n${lines.join("\n")}\n`, {
        on_bad_row: "quarantine",
        type_inference: "off",
      });
      expect(envelope.status).toBe("warning");
      if (envelope.status !== "warning") return;
      const kept = (await readTable(envelope.artifacts["output_data"] ?? "")).rows.map((values) => values.join("|"));
      for (const [other, values] of rows.entries()) if (other !== index) expect(kept).toContain(values.join("|"));
      expect(envelope.metrics["rows_rejected"]).toBe(1);
    }),
    { numRuns: 80 },
  );
});
