import type { Readable } from "node:stream";
import { SaxesParser } from "saxes";
import type { SaxesTagPlain } from "saxes";
import { readerError } from "../reader-error.js";
import { cellText, numberFormat } from "./cell-values.js";
import type { NumberFormat } from "./cell-values.js";

/** A workbook, open. */
export interface Workbook {
  readonly sheets: readonly { readonly name: string; readonly part: string }[];
  readonly is1904: boolean;
  /** By the number of a cell's style. */
  readonly formats: readonly NumberFormat[];
  readonly texts: readonly string[];
  /** Goes through the XML of a part. */
  parse(part: string, on: XmlHandlers): Promise<boolean>;
  close(): void;
}

/** What hears of the tags of a part. Names come without their prefix. */
export interface XmlHandlers {
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  close?(name: string): void;
  text?(text: string): void;
}

/** Opens a workbook. Throws `FILE_READER_DAMAGED` (20). */
export async function openWorkbook(file: string, signal: AbortSignal): Promise<Workbook> {
  const damaged = (cause: unknown): Error =>
    readerError(
      "FILE_READER_DAMAGED",
      `${file} is no whole Excel workbook: ${(cause as Error).message}`,
      "Fetch it again, or save it as .xlsx without a password.",
      cause,
    );
  const { open } = await import("yauzl");
  const zip = await new Promise<import("yauzl").ZipFile>((resolve, reject) => {
    open(file, { lazyEntries: true, autoClose: false }, (error, opened) => {
      if (error === null) resolve(opened);
      else reject(damaged(error));
    });
  });
  const entries = new Map<string, import("yauzl").Entry>();
  try {
    await new Promise<void>((resolve, reject) => {
      zip.on("entry", (entry: import("yauzl").Entry) => {
        entries.set(entry.fileName.toLowerCase(), entry);
        zip.readEntry();
      });
      zip.on("end", resolve);
      zip.on("error", reject);
      zip.readEntry();
    });
    const parse = async (part: string, on: XmlHandlers): Promise<boolean> => {
      const entry = entries.get(part.toLowerCase());
      if (entry === undefined) return false;
      const stream = await new Promise<Readable>((resolve, reject) => {
        zip.openReadStream(entry, (error, opened) => {
          if (error === null) resolve(opened);
          else reject(error);
        });
      });
      try {
        await parseXml(stream, on, signal);
      } catch (error) {
        throw signal.aborted ? error : damaged(error);
      }
      return true;
    };
    return { ...(await readParts(parse, damaged)), parse, close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw signal.aborted || (error as { code?: unknown }).code === "FILE_READER_DAMAGED" ? error : damaged(error);
  }
}

async function parseXml(stream: Readable, on: XmlHandlers, signal: AbortSignal): Promise<void> {
  const parser = new SaxesParser();
  let fault: Error | undefined;
  parser.on("error", (error) => (fault ??= error));
  parser.on("doctype", () => (fault ??= new Error("a document type, which workbooks do not have")));
  parser.on("opentag", (tag: SaxesTagPlain) => on.open?.(localName(tag.name), tag.attributes));
  parser.on("closetag", (tag: SaxesTagPlain) => on.close?.(localName(tag.name)));
  parser.on("text", (text) => on.text?.(text));
  parser.on("cdata", (text) => on.text?.(text));
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    parser.write(decoder.decode(chunk, { stream: true }));
    if (fault !== undefined) throw fault;
  }
  parser.write(decoder.decode()).close();
  if (fault !== undefined) throw fault;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

async function readParts(
  parse: Workbook["parse"],
  damaged: (cause: unknown) => Error,
): Promise<Pick<Workbook, "sheets" | "is1904" | "formats" | "texts">> {
  const listed: { name: string; id: string }[] = [];
  let is1904 = false;
  const found = await parse("xl/workbook.xml", {
    open(name, attributes) {
      if (name === "sheet") listed.push({ name: attributes["name"] ?? "", id: attributes["r:id"] ?? idOf(attributes) });
      if (name === "workbookPr") is1904 = /^(?:1|true)$/.test(attributes["date1904"] ?? "");
    },
  });
  if (!found) throw damaged(new Error("it has no part xl/workbook.xml"));
  const targets = new Map<string, string>();
  let textPart = "xl/sharedStrings.xml";
  let stylePart = "xl/styles.xml";
  await parse("xl/_rels/workbook.xml.rels", {
    open(name, attributes) {
      if (name !== "Relationship") return;
      const target = attributes["Target"] ?? "";
      const part = target.startsWith("/") ? target.slice(1) : `xl/${target}`;
      targets.set(attributes["Id"] ?? "", part);
      if (attributes["Type"]?.endsWith("/sharedStrings") === true) textPart = part;
      if (attributes["Type"]?.endsWith("/styles") === true) stylePart = part;
    },
  });
  const sheets = listed.map(({ name, id }) => ({ name, part: targets.get(id) ?? "" }));
  return { sheets, is1904, formats: await readFormats(parse, stylePart), texts: await readTexts(parse, textPart) };
}

/** The attribute `id` of the relationships' namespace, whatever its prefix. */
function idOf(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes).find(([name]) => name.endsWith(":id"))?.[1] ?? "";
}

async function readFormats(parse: Workbook["parse"], part: string): Promise<NumberFormat[]> {
  const codes = new Map<number, string>();
  const ids: number[] = [];
  let inCells = false;
  await parse(part, {
    open(name, attributes) {
      if (name === "numFmt") codes.set(Number(attributes["numFmtId"]), attributes["formatCode"] ?? "");
      if (name === "cellXfs") inCells = true;
      if (name === "xf" && inCells) ids.push(Number(attributes["numFmtId"] ?? 0));
    },
    close(name) {
      if (name === "cellXfs") inCells = false;
    },
  });
  return ids.map((id) => numberFormat(id, codes.get(id)));
}

async function readTexts(parse: Workbook["parse"], part: string): Promise<string[]> {
  const texts: string[] = [];
  let current = "";
  let inText = false;
  let inPhonetic = false;
  await parse(part, {
    open(name) {
      if (name === "si") current = "";
      if (name === "rPh") inPhonetic = true;
      inText = name === "t" && !inPhonetic;
    },
    text(text) {
      if (inText) current += text;
    },
    close(name) {
      if (name === "t") inText = false;
      if (name === "rPh") inPhonetic = false;
      if (name === "si") texts.push(cellText(current));
    },
  });
  return texts;
}
