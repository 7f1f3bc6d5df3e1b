import type { FilePlan } from "../read/plan-file.js";
import { REASON } from "../scan/layout.js";
import type { BadRecord } from "../scan/scan-types.js";

/** Why a record is bad, in words. */
export function describeReason(bad: BadRecord, plan: FilePlan, types: readonly string[]): string {
  const width = plan.names.length;
  const type = types[bad.column] ?? "the declared type";
  switch (bad.reason) {
    case REASON.tooFew:
      return `${bad.found} fields where ${width} are expected`;
    case REASON.tooMany:
      return `${bad.found} fields where ${width} are expected`;
    case REASON.strayQuote:
      return "a quote inside a value that is not quoted";
    case REASON.afterQuote:
      return "text after a closing quote";
    case REASON.unclosed:
      return "a quote that is not closed";
    case REASON.badEscape:
      return "an escape character before a character that needs none";
    case REASON.nul:
      return "a NUL byte";
    case REASON.notUtf8:
      return `bytes that are not ${plan.text.encoding}`;
    case REASON.loneReturn:
      return "a carriage return inside a value that is not quoted";
    case REASON.notOfType:
      return `not a value of type ${type}`;
    case REASON.outOfRange:
      return `out of the range of ${type}`;
    case REASON.wouldRound:
      return `more digits than ${type} keeps`;
    case REASON.repeatsHeader:
      return "the header again";
    case REASON.undeclaredQuote:
      return "a value that begins with a quote, in a file that seems to have no quoting";
    case REASON.wrongTerminator:
      return "a line end that differs from the file's";
    default:
      return "damaged";
  }
}

/** Bytes as text that can be stored and read: what is not UTF-8, and NUL, as `\xNN`. */
export function readableText(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!text.includes("\ufffd") && !text.includes("\0")) return text;
  let out = "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i] ?? 0;
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    try {
      if (byte === 0) throw new RangeError("NUL");
      out += decoder.decode(bytes.subarray(i, i + length));
      i += length;
    } catch {
      out += `\\x${byte.toString(16).padStart(2, "0")}`;
      i++;
    }
  }
  return out;
}

/** A value for a message: quoted, cut to a readable length. */
export function shownValue(text: string, most = 80): string {
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text);
}
