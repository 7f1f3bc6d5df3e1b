import { DuckDBInstance } from "@duckdb/node-api";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import { numberFormat, numberValue } from "../src/excel/cell-values.js";

const MOD = path.join(__dirname, "..", "dist", "index.js");

describe("Excel workbooks of other programs", () => {
  let folder: string;
  let database: DuckDBInstance;
  let books = 0;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "datapy-excel-"));
    database = await DuckDBInstance.create(":memory:");
    setGlobalConfig({ work_path: path.join(folder, "work"), log_level: "error" });
  });
  afterAll(() => {
    database.closeSync();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Styles: 0 general, 1 date, 2 a date format of its own, 3 elapsed hours, 4 percent, 5 time. */
  async function book(sheet: string, { properties = "", texts = "", prefix = "" } = {}): Promise<string> {
    const file = path.join(folder, `${String(++books)}.xlsx`);
    const zip = new ZipFile();
    const add = (name: string, xml: string): void => zip.addBuffer(Buffer.from(`<?xml version="1.0"?>${xml}`), name);
    add(
      "xl/workbook.xml",
      `<workbook xmlns:r="r">${properties}<sheets><sheet name="Notes" sheetId="7" r:id="rId9"/><sheet name="Data" sheetId="3" r:id="rId4"/></sheets></workbook>`,
    );
    add(
      "xl/_rels/workbook.xml.rels",
      '<Relationships><Relationship Id="rId4" Type="x/worksheet" Target="/xl/worksheets/sheet9.xml"/><Relationship Id="rId9" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId5" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    );
    add(
      "xl/styles.xml",
      '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[$-409]d&quot; of &quot;mmmm\\ yyyy;@"/><numFmt numFmtId="171" formatCode="[h]:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="10"/><xf numFmtId="20"/></cellXfs></styleSheet>',
    );
    if (texts !== "") add("xl/sharedStrings.xml", `<sst>${texts}</sst>`);
    add("xl/worksheets/sheet1.xml", "<worksheet><sheetData/></worksheet>");
    add("xl/worksheets/sheet9.xml", `<${prefix}worksheet>${sheet}</${prefix}worksheet>`);
    zip.end();
    await pipeline(zip.outputStream as Readable, createWriteStream(file));
    return file;
  }
  async function rows(query: string): Promise<unknown[][]> {
    const connection = await database.connect();
    const result = (await connection.runAndReadAll(query)).getRowsJson() as unknown[][];
    connection.closeSync();
    return result;
  }
  async function read(file: string, params: Record<string, unknown> = {}): Promise<Envelope> {
    return runMod(MOD, { input_path: file, sheet: "data", ...params });
  }
  async function table(envelope: Envelope, key = "output_data"): Promise<unknown[][]> {
    if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
    const file = envelope.artifacts[key] ?? "";
    const names = (await rows(`describe from '${file}'`)).map(([name, type]) => `${String(name)} ${String(type)}`);
    return [names, ...(await rows(`from '${file}'`))];
  }
  const inline = (place: string, text: string): string => `<c r="${place}" t="inlineStr"><is><t>${text}</t></is></c>`;

  test("shared and rich texts, formulas, formats, cells that are left out", async () => {
    const file = await book(
      `<sheetData>
        <row r="3"><c r="B3" t="s"><v>0</v></c><c r="C3" t="s"><v>1</v></c>${inline("D3", "when")}${inline("E3", "long")}${inline("F3", "share")}${inline("G3", "at")}</row>
        <row r="4"><c r="B4"><v>1</v></c><c r="C4" t="s"><v>2</v></c><c r="D4" s="2"><v>45322</v></c><c r="E4" s="3"><v>1.5</v></c><c r="F4" s="4"><v>0.125</v></c><c r="G4" s="5"><v>0.75</v></c></row>
        <row r="5"/>
        <row r="6"><c r="B6"><f>1+1</f><v>2</v></c><c r="C6" t="str"><f>"a"</f><v>00a_x000D_</v></c><c r="D6" s="1"><v>59</v></c></row>
      </sheetData>`,
      {
        texts:
          '<si><t>id</t></si><si><r><t>na</t></r><r><t>me</t></r><rPh><t>x</t></rPh></si><si><t xml:space="preserve"> 007 </t></si>',
      },
    );
    expect(await table(await read(file))).toEqual([
      ["id BIGINT", "name VARCHAR", "when DATE", "long VARCHAR", "share DOUBLE", "at TIME"],
      ["1", " 007 ", "2024-01-31", "36:00:00", 0.125, "18:00:00"],
      ["2", "00a\r", "1900-02-28", null, null, null],
    ]);
  });

  test("errors, formulas without value and days that never were are bad rows", async () => {
    const file = await book(
      `<sheetData><row>${inline("A1", "a")}${inline("B1", "b")}</row>
        <row><c><v>1</v></c><c t="e"><v>#N/A</v></c></row><row><c><f>A1</f></c></row><row><c s="1"><v>60</v></c></row><row><c><v>5</v></c><c t="b"><v>1</v></c></row></sheetData>`,
    );
    const failed = await read(file);
    expect(failed).toMatchObject({ status: "error", exit_code: 20 });
    expect(failed.errors.join()).toContain("#N/A in cell B2");
    const found = await read(file, { on_bad_row: "quarantine" });
    expect((await table(found)).slice(1)).toEqual([["5", true]]);
    expect((await table(found, "quarantine")).slice(1).map(([, line, , column]) => [line, column])).toEqual([
      ["2", "b"],
      ["3", "a"],
      ["4", "a"],
    ]);
  });

  test("merged cells, prefixes, dates from 1904, columns of several kinds", async () => {
    const merged = await book(
      `<x:sheetData><x:row r="1">${inline("A1", "k").replace(/<(\/?)/g, "<$1x:")}${inline("B1", "v").replace(/<(\/?)/g, "<$1x:")}</x:row>
        <x:row r="2"><x:c r="A2"><x:v>7</x:v></x:c><x:c r="B2"><x:v>1</x:v></x:c></x:row><x:row r="3"><x:c r="B3"><x:v>2</x:v></x:c></x:row></x:sheetData><x:mergeCells><x:mergeCell ref="A2:A3"/></x:mergeCells>`,
      { prefix: "x:" },
    );
    expect((await table(await read(merged))).slice(1)).toEqual([
      ["7", "1"],
      [null, "2"],
    ]);
    expect((await table(await read(merged, { merged_cells: "fill" }))).slice(1)).toEqual([
      ["7", "1"],
      ["7", "2"],
    ]);
    const old = await book(
      `<sheetData><row>${inline("A1", "d")}</row><row><c s="1"><v>43860</v></c></row></sheetData>`,
      {
        properties: '<workbookPr date1904="1"/>',
      },
    );
    expect((await table(await read(old))).slice(1)).toEqual([["2024-01-31"]]);
    const mixed = await book(
      `<sheetData><row>${inline("A1", "m")}</row><row><c><v>1</v></c></row><row>${inline("A3", "x")}</row></sheetData>`,
    );
    const warned = await read(mixed);
    expect(warned.status).toBe("warning");
    expect((await table(warned)).slice(1)).toEqual([["1"], ['"x"']]);
    expect((await table(await read(mixed, { columns: { m: "VARCHAR" } }))).slice(1)).toEqual([["1"], ["x"]]);
  });

  test("headers that name no columns", async () => {
    const twice = await book(`<sheetData><row>${inline("A1", "a")}${inline("B1", "A")}</row></sheetData>`);
    expect((await read(twice)).errors.join()).toContain("cell B1 names a second column");
    const bare = await book(
      `<sheetData><row>${inline("A1", "a")}</row><row><c><v>1</v></c><c r="D2"><v>2</v></c></row></sheetData>`,
    );
    expect((await read(bare)).errors.join()).toContain("cell D2 has a value");
    expect(await read(bare, { sheet: 1 })).toMatchObject({ status: "warning", metrics: { rows_output: 0 } });
  });

  test.each([
    [0, undefined, "number"],
    [14, undefined, "date"],
    [22, undefined, "timestamp"],
    [46, undefined, "duration"],
    [164, "0.00", "number"],
    [164, '0.0" days"', "number"],
    [164, "[Red]#,##0", "number"],
    [164, "yyyy\\-mm\\-dd", "date"],
    [164, "dd.mm.yyyy hh:mm", "timestamp"],
    [164, "mm:ss.0", "time"],
    [164, "[hh]:mm:ss", "duration"],
    [164, "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "date"],
    [164, "General", "number"],
    [164, "mmm yy", "date"],
    [164, "0.00E+00", "number"],
  ] as const)("the number format %s %s shows a %s", (id, code, expected) => {
    expect(numberFormat(id, code)).toBe(expected);
  });

  test("every day comes back as itself, whatever the time zone", () => {
    const zone = process.env["TZ"];
    try {
      for (const name of ["UTC", "America/Chicago", "Asia/Kolkata"]) {
        process.env["TZ"] = name;
        expect(numberValue("45322", "date", false)).toEqual({ kind: "d", text: "2024-01-31" });
        expect(numberValue("45322.4270833333", "timestamp", false)).toEqual({
          kind: "t",
          text: "2024-01-31 10:15:00.000",
        });
        expect(numberValue("1", "date", false)).toEqual({ kind: "d", text: "1900-01-01" });
        expect(numberValue("61", "date", false)).toEqual({ kind: "d", text: "1900-03-01" });
      }
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });
});
