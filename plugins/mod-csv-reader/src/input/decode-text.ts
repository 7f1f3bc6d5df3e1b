import { TextDecoder } from "node:util";
import { csvError } from "../csv-error.js";

/** Decodes a stream of bytes, refusing what is not of the encoding. */
export interface TextStream {
  write(bytes: Uint8Array): string;
  end(): string;
}

// Windows code page 1252, bytes 80 to 9F; 0 where the page has no character. Source: Unicode mapping table CP1252.TXT.
const CP1252 = [
  0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0,
  0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];

const LATIN1 = new Set(["latin1", "latin-1", "iso-8859-1", "iso8859-1", "iso_8859-1", "l1"]);
const WINDOWS_1252 = new Set(["windows-1252", "cp1252", "ansi"]);
const UTF8 = new Set(["utf-8", "utf8", "utf-8-sig", "utf8-bom", "us-ascii", "ascii"]);
const UTF16 = new Map([
  ["utf-16", "utf-16le"],
  ["utf16", "utf-16le"],
  ["utf16le", "utf-16le"],
  ["ucs-2", "utf-16le"],
  ["utf16be", "utf-16be"],
]);

/** Plain name of an encoding that a user wrote. */
export function encodingName(written: string): string {
  const name = written.trim().toLowerCase().replace(/_/g, "-");
  if (UTF8.has(name)) return "utf-8";
  if (LATIN1.has(name)) return "latin1";
  if (WINDOWS_1252.has(name)) return "windows-1252";
  return UTF16.get(name) ?? name.replace(/^cp(12\d\d)$/, "windows-$1").replace(/^latin-?(\d+)$/, "iso-8859-$1");
}

/** A decoder for an encoding. @throws DatapyError `CSV_ENCODING` when the encoding is not known. */
export function decoderOf(encoding: string): TextStream {
  if (encoding === "latin1") return { write: (bytes) => Buffer.from(bytes).toString("latin1"), end: () => "" };
  // Node's own windows-1252 takes bytes 80 to 9F for control characters in some versions.
  if (encoding === "windows-1252") return { write: decode1252, end: () => "" };
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw csvError(
      "CSV_ENCODING",
      `the encoding ${JSON.stringify(encoding)} is not known`,
      "known are utf-8, utf-16le, utf-16be, latin1, windows-1250 to windows-1258, iso-8859-2 to -16, koi8-r, shift_jis, euc-jp, gb18030, big5, euc-kr",
      cause,
    );
  }
  return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
}

function decode1252(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1");

  return text.replace(/[\x80-\x9f]/g, (character) => {
    const code = CP1252[character.charCodeAt(0) - 0x80] ?? 0;
    if (code === 0) throw new TypeError(`byte ${character.charCodeAt(0).toString(16)} is no character of windows-1252`);
    return String.fromCharCode(code);
  });
}

/** What the first bytes of a file say of its encoding. */
export interface EncodingGuess {
  readonly encoding: string;
  /** Bytes of the byte order mark. */
  readonly mark: number;
}

/** The encoding by byte order mark, or by the pattern of zero bytes that UTF-16 text in Latin script has; `undefined` when neither tells. */
export function guessEncoding(sample: Uint8Array): EncodingGuess | undefined {
  const [a, b, c] = sample;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: "utf-8", mark: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: "utf-16le", mark: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: "utf-16be", mark: 2 };
  const length = Math.min(sample.length & ~1, 4096);
  if (length < 8) return undefined;
  let even = 0;
  let odd = 0;
  for (let i = 0; i < length; i += 2) {
    if (sample[i] === 0) even++;
    if (sample[i + 1] === 0) odd++;
  }
  if (odd > length * 0.4 && even === 0) return { encoding: "utf-16le", mark: 0 };
  if (even > length * 0.4 && odd === 0) return { encoding: "utf-16be", mark: 0 };
  return undefined;
}
