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
