import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import { MOD, readTable } from "./support/read-table.js";

let work: string;

beforeAll(() => {
  work = mkdtempSync(path.join(os.tmpdir(), "datapy-csv-large-"));
  setGlobalConfig({ work_path: path.join(work, "artifacts"), log_level: "critical" });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function artifacts(): string[] {
  const folder = path.join(work, "artifacts", "artifacts");
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith(".parquet"))
    : [];
}

/** Writes rows until the file has `bytes`; gives what it wrote. */
function writeLarge(file: string, bytes: number) {
  const handle = openSync(file, "w");
  const bad: number[] = [];
  let line = 1;
  let written = 0;
  let rows = 0;
  let nulls = 0;
  const put = (text: string): void => {
    written += writeSync(handle, text);
  };
  put("id,note,amount\n");
  while (written < bytes) {
    let block = "";
    for (let i = 0; i < 500; i++) {
      line++;
      if (rows % 7777 === 5000) {
        bad.push(line);
        block += `${rows},"open\n`;
        line++;
      }
      if (rows % 3 === 0) {
        // Lines inside a value that look like rows of their own.
        block += `${rows},"first\n${rows},second,1.00\n${"x".repeat(rows % 50)}",${rows % 100}.25\n`;
        line += 2;
      } else if (rows % 11 === 0) {
        nulls++;
        block += `${rows},,${rows % 100}.50\n`;
      } else block += `${rows},é${rows},${rows % 100}.75\n`;
      rows++;
    }
    put(block);
  }
  closeSync(handle);
  return { bad, rows, nulls, lines: line };
}

test("a file that is scanned in pieces comes out as if scanned from front to back", async () => {
  const file = path.join(work, "large.csv");
  const made = writeLarge(file, 40_000_000);
  const envelope = await runMod(MOD, { input_path: file, on_bad_row: "quarantine", delimiter: ",", quote: '"' });
  if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
  expect(envelope.metrics).toMatchObject({ rows_output: made.rows, rows_rejected: made.bad.length });
  const output = await readTable(envelope.artifacts["output_data"] ?? "");
  expect(output.columns).toEqual({ id: "BIGINT", note: "VARCHAR", amount: "DECIMAL(18,2)" });
  expect(output.rows.every(([id], index) => id === String(index))).toBe(true);
  expect(output.rows.filter(([, note]) => note === null)).toHaveLength(made.nulls);
  expect(output.rows[3]?.[1]).toBe("first\n3,second,1.00\nxxx");
  const quarantine = await readTable(envelope.artifacts["quarantine"] ?? "");
  expect(quarantine.rows.map((row) => Number(row[1]))).toEqual(made.bad);
});

test("a value at the very end that does not fit makes the whole column text, and the log says why", async () => {
  const file = path.join(work, "late.csv");
  writeFileSync(file, `n,d\n${"12345,2020-01-01\n".repeat(600_000)}`);
  appendFileSync(file, "0012,2020-02-30\n");
  const envelope = await runMod(MOD, { input_path: file });
  if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
  const { columns, rows } = await readTable(envelope.artifacts["output_data"] ?? "");
  expect(columns).toEqual({ n: "VARCHAR", d: "VARCHAR" });
  expect(rows.at(-1)).toEqual(["0012", "2020-02-30"]);
});

test("a file that grows while it is read fails the run, and nothing is written", async () => {
  const file = path.join(work, "growing.csv");
  writeFileSync(file, `n,d\n${"12345,2020-01-01\n".repeat(900_000)}`);
  const before = artifacts();
  const running = runMod(MOD, { input_path: file });
  const growing = setInterval(() => appendFileSync(file, "6,2020-01-01\n"), 5);
  const envelope = await running;
  clearInterval(growing);
  expect(envelope.status).toBe("error");
  if (envelope.status === "error") expect(envelope.errors.join("\n")).toContain("CSV_FILE_CHANGED");
  expect(artifacts()).toEqual(before);
});

test("on_bad_row: fail leaves nothing behind and names line, column, value and what to do", async () => {
  const file = path.join(work, "bad.csv");
  writeFileSync(file, `n,d\n${"1,2020-01-01\n".repeat(1000)}x,2020-01-01\n`);
  const before = artifacts();
  const envelope = await runMod(MOD, { input_path: file, columns: { n: "INTEGER" } });
  expect(envelope.status).toBe("error");
  if (envelope.status !== "error") return;
  expect(envelope.exit_code).toBe(20);
  expect(envelope.errors.join("\n")).toContain(
    `${file}:1002 (byte 13004), column "n": "x" not a value of type INTEGER`,
  );
  expect(envelope.errors.join("\n")).toContain("on_bad_row: quarantine");
  expect(artifacts()).toEqual(before);
});

test("a directory and a file without permission are refused by name", async () => {
  const folder = await runMod(MOD, { input_path: work });
  expect(folder.status === "error" && folder.errors.join()).toContain("is a directory");
  const file = path.join(work, "secret.csv");
  writeFileSync(file, "a\n1\n");
  chmodSync(file, 0);
  const denied = await runMod(MOD, { input_path: file });
  // The superuser may read everything.
  if (process.getuid?.() === 0) expect(denied.status).toBe("success");
  else expect(denied.status === "error" && denied.errors.join()).toContain("cannot be read");
});

test("names and paths that mean something to DuckDB are taken as they are", async () => {
  const file = path.join(work, "it's [1]*?.csv");
  writeFileSync(file, 'a b,"c""d",select\n1,2,3\n');
  const envelope = await runMod(MOD, { input_path: file, source_file: true });
  if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
  const { columns, rows } = await readTable(envelope.artifacts["output_data"] ?? "");
  expect(Object.keys(columns)).toEqual(["a b", 'c"d', "select", "source_file"]);
  expect(rows).toEqual([["1", "2", "3", file]]);
});
