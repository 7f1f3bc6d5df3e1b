import { open, readFile } from "node:fs/promises";
import { beginDigest, digestFile } from "@datapy/object-storage";
import type { SourcedFile } from "@datapy/object-storage";
import { firstBytes, openContent } from "./archive/open-content.js";
import { broken, passed } from "./finding.js";
import type { Finding } from "./finding.js";
import type { RuleOf } from "./rules.js";

const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** Whether every byte of a text is right in its encoding. Says where the first wrong one is. */
export async function checkEncoding(
  file: SourcedFile,
  rule: RuleOf<"encoding">,
  preset: string,
  signal: AbortSignal,
): Promise<Finding> {
  const encoding = (rule.encoding ?? preset).toLowerCase();
  const bom = rule.bom ?? "allow";
  const local = await file.local();
  const start = await startOfText(local, signal);
  const mark = MARKS.find(([, bytes]) => bytes.every((byte, index) => start[index] === byte))?.[0];
  if (mark !== undefined && bom === "forbid") return broken(`it begins with a byte order mark (${mark})`);
  if (mark === undefined && bom === "require") return broken("it does not begin with a byte order mark");
  if (
    mark !== undefined &&
    /^utf-?(?:8|16)/.test(encoding) &&
    mark.replace("-", "") !== encoding.replace("-", "") &&
    encoding !== "utf-16"
  )
    return broken(`its byte order mark says ${mark}, not ${encoding}`);
  const ascii = /^(?:us-)?ascii$/.test(encoding);
  if (!ascii && !isEncoding(encoding)) return broken(`${JSON.stringify(encoding)} is no encoding that is known`);
  const decoder = new TextDecoder(ascii ? "utf-8" : encoding, { fatal: true });
  let before: Buffer = Buffer.alloc(0);
  let at = 0;
  let line = 1;
  for await (const chunk of await openContent(local, signal)) {
    const bytes = chunk as Buffer;
    let wrong = ascii ? bytes.findIndex((byte) => byte > 0x7f) : -1;
    if (!ascii) {
      try {
        decoder.decode(bytes, { stream: true });
      } catch {
        wrong = placeOfFault(encoding, before, bytes);
      }
    }
    if (wrong !== -1) {
      line += countLines(bytes.subarray(0, wrong));
      const byte = at + wrong;
      return broken(`byte ${String(byte)} (line ${String(line)}) is not ${encoding}`, { byte, line });
    }
    at += bytes.length;
    line += countLines(bytes);
    before = bytes;
  }
  try {
    decoder.decode();
  } catch {
    return broken(`it ends within a character: it is not ${encoding}, or cut off`);
  }
  return passed(`it is ${encoding}`);
}

function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name).encoding !== "";
  } catch {
    return false;
  }
}

/** Place of the first byte of a chunk that cannot be decoded, where `decoder` has stopped. `before` is the end of the chunk before. */
function placeOfFault(encoding: string, before: Buffer, bytes: Buffer): number {
  const decoder = new TextDecoder(encoding, { fatal: true });
  // A character may have begun in the chunk before.
  decoder.decode(before.subarray(beginOfOpenCharacter(encoding, before)), { stream: true });
  for (let at = 0; at < bytes.length; at += 1) {
    try {
      decoder.decode(bytes.subarray(at, at + 1), { stream: true });
    } catch {
      // A character that does not go on as it should is wrong from where it begins.
      return beginOfOpenCharacter(encoding, bytes.subarray(0, at));
    }
  }
  return 0;
}

function beginOfOpenCharacter(encoding: string, bytes: Buffer): number {
  if (/^utf-?16/.test(encoding)) return bytes.length - (bytes.length % 2);
  if (!/^utf-?8$/.test(encoding)) return bytes.length;
  for (let at = bytes.length - 1; at >= Math.max(0, bytes.length - 3); at -= 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0xc0) return bytes.length - at < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? at : bytes.length;
    if (byte < 0x80) break;
  }
  return bytes.length;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}

async function startOfText(local: string, signal: AbortSignal): Promise<Buffer> {
  const content = await openContent(local, signal);
  try {
    for await (const chunk of content) return (chunk as Buffer).subarray(0, 4);
    return await firstBytes(local, 0);
  } finally {
    content.destroy();
  }
}

/** Whether a file has the checksum that the rule, or a list beside the file, gives. */
export async function checkChecksum(
  file: SourcedFile,
  rule: RuleOf<"checksum">,
  signal: AbortSignal,
): Promise<Finding> {
  const algorithm = rule.algorithm ?? "sha256";
  const given = rule.value ?? (await listed(file, rule, algorithm));
  if (typeof given !== "string") return given;
  const expected = given.trim().toLowerCase();
  const length = (await (await beginDigest(algorithm)).digest()).length * 2;
  if (!/^[0-9a-f]+$/.test(expected) || expected.length !== length)
    return broken(`${JSON.stringify(given)} is no ${algorithm}`);
  const handle = await open(await file.local(), "r");
  try {
    const [digest] = await digestFile(handle, algorithm, [file.size], signal);
    const found = digest?.toString("hex") ?? "";
    return found === expected
      ? passed(`its ${algorithm} is as given`, { [algorithm]: found })
      : broken(`its ${algorithm} is ${found}, not ${expected}`, { found, expected });
  } finally {
    await handle.close();
  }
}

async function listed(file: SourcedFile, rule: RuleOf<"checksum">, algorithm: string): Promise<string | Finding> {
  const list = rule.checksum_file ?? (await file.beside(`.${algorithm}`));
  if (list === undefined) return broken(`there is no list of checksums beside it (${file.name}.${algorithm})`);
  let text: string;
  try {
    text = await readFile(list, "utf8");
  } catch (error) {
    return broken(`the list of checksums cannot be read: ${(error as Error).message}`);
  }
  const lines = text.split(/\r?\n/).filter((one) => one.trim() !== "" && !one.startsWith("#"));
  const entries = lines.map((one) => /^\\?([0-9A-Fa-f]{8,})(?:\s+\*?(.+))?$/.exec(one.trim()));
  const own = entries.find((entry) => entry?.[2]?.replace(/^.*[\\/]/, "") === file.name);
  const alone = entries.length === 1 && entries[0]?.[2] === undefined ? entries[0] : undefined;
  const found = (own ?? alone)?.[1];
  return found ?? broken(`the list of checksums ${list} does not name it`);
}
