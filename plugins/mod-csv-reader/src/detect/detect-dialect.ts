import type { Dialect, SampleRecord } from "./dialect.js";
import { tokenize } from "./tokenize.js";
import { looksLikeOneValue } from "./value-shape.js";

/** What the user declared; `undefined` is to be found out. */
export interface DeclaredDialect {
  readonly delimiter: string | undefined;
  readonly quote: string | undefined;
  readonly escape: string | undefined;
  readonly comment: string;
}

/** Outcome of detection. `unsure` says what speaks against every choice. */
export type Detection =
  | { readonly dialect: Dialect; readonly share: number; readonly width: number; readonly singleColumn: boolean }
  | { readonly unsure: string; readonly candidates: readonly string[] };

const DELIMITERS = [
  ",",
  ";",
  "\t",
  "|",
  ":",
  " ",
  "~",
  "^",
  "\x1f",
  "\x01",
  "\xa7",
  "\xc2\xa7",
  ", ",
  "; ",
  "||",
  "::",
];

interface Candidate {
  readonly dialect: Dialect;
  readonly share: number;
  readonly width: number;
  readonly score: number;
}

/**
 * Finds the dialect of a sample. As in van den Burg, Nazábal and Sutton, "Wrangling Messy CSV Files by Detecting Row and Type
 * Patterns" (2019), a dialect is the better the more regular the rows and the cleaner the values that it makes; here regularity is the
 * share of records that have the commonest width and sound quoting, so that one damaged line costs next to nothing.
 */
export function detectDialect(pieces: readonly string[], declared: DeclaredDialect): Detection {
  const all = pieces.join("\n");
  const delimiters =
    declared.delimiter === undefined ? DELIMITERS.filter((delimiter) => all.includes(delimiter)) : [declared.delimiter];
  const candidates: Candidate[] = [];
  for (const delimiter of delimiters) {
    for (const quote of declared.quote === undefined ? quoteCandidates(all, delimiter) : [declared.quote]) {
      for (const escape of declared.escape === undefined ? escapeCandidates(all, quote) : [declared.escape]) {
        const base = { delimiter, quote, escape, comment: declared.comment };
        for (const terminator of terminators(all)) candidates.push(evaluate(pieces, { ...base, terminator }));
      }
    }
  }
  // A sort that keeps the order of equals: delimiters and quotes are listed by how common they are.
  candidates.sort((a, b) => b.score - a.score);
  const best = candidates[0];
  if (best !== undefined && (declared.delimiter !== undefined || (best.width > 1 && best.share >= 0.5))) {
    const rival = candidates.find(
      (other) => other.dialect.delimiter.trim() !== best.dialect.delimiter.trim() && other.width > 1,
    );
    if (
      declared.delimiter === undefined &&
      rival !== undefined &&
      rival.score > best.score * 0.97 &&
      rival.width !== best.width
    ) {
      return { unsure: "two delimiters fit equally well", candidates: [show(best), show(rival)] };
    }
    return { dialect: best.dialect, share: best.share, width: best.width, singleColumn: best.width === 1 };
  }
  const single = singleColumn(pieces, declared);
  if (single !== undefined) return single;
  return { unsure: "no delimiter gives rows of one width", candidates: candidates.slice(0, 3).map(show) };
}

function show({ dialect, share, width }: Candidate): string {
  return `${JSON.stringify(dialect.delimiter)} (${width} columns in ${Math.round(share * 100)}% of the rows)`;
}

/** Lines without any delimiter: one column. Prose, in which commas come and go, is not. */
function singleColumn(pieces: readonly string[], declared: DeclaredDialect): Detection | undefined {
  const lines = pieces.flatMap((piece) => piece.split(/\r\n|\n|\r/)).filter((line) => line !== "");
  if (lines.length === 0) return undefined;
  const plain = lines.filter((line) => /^"(?:[^"]|"")*"$/.test(line) || !/[,;\t|]/.test(line)).length / lines.length;
  if (plain < 0.9) return undefined;
  const text = pieces.join("\n");
  const quote = declared.quote ?? '"';
  const dialect: Dialect = {
    delimiter: ",",
    quote,
    escape: declared.escape ?? quote,
    comment: declared.comment,
    terminator: terminators(text)[0] ?? "lines",
  };
  return { dialect, share: plain, width: 1, singleColumn: true };
}

/** Terminators worth trying. */
function terminators(text: string): Dialect["terminator"][] {
  const returns = (text.match(/\r(?!\n)/g) ?? []).length;
  const lines = (text.match(/\n/g) ?? []).length;
  if (returns === 0) return ["lines"];
  if (lines === 0 || (returns > 20 && lines * 20 < returns && !text.includes("\r\n"))) return ["returns"];
  return returns * 10 >= lines ? ["lines", "any"] : ["lines"];
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Quote characters that enclose values; `"` when none does. */
function quoteCandidates(text: string, delimiter: string): string[] {
  const found: { quote: string; opens: number }[] = [];
  const d = escaped(delimiter);
  for (const quote of ['"', "'", "`"]) {
    const opens = (text.match(new RegExp(`(?:^|[\\r\\n]|${d})${quote}`, "g")) ?? []).length;
    const closes = (text.match(new RegExp(`${quote}(?=$|[\\r\\n]|${d})`, "g")) ?? []).length;
    if (opens > 0 && closes > 0 && Math.min(opens, closes) * 2 >= Math.max(opens, closes)) found.push({ quote, opens });
  }
  found.sort((a, b) => b.opens - a.opens);
  const common = found.filter(({ opens }) => opens * 4 >= (found[0]?.opens ?? 0)).map(({ quote }) => quote);
  if (common.length > 0) return common;
  // A quote that stands only inside values cannot be quoting.
  const inside =
    text.includes('"') &&
    !new RegExp(`(?:^|[\\r\\n]|${d})"`).test(text) &&
    !new RegExp(`"(?:$|[\\r\\n]|${d})`).test(text);
  return [inside ? "" : '"'];
}

function escapeCandidates(text: string, quote: string): string[] {
  if (quote === "") return [""];
  return text.includes(`\\${quote}`) ? [quote, "\\"] : [quote];
}

function evaluate(pieces: readonly string[], dialect: Dialect): Candidate {
  const records = pieces.flatMap((piece) => tokenize(piece, dialect)).filter((record) => !record.blank);
  const { width, share } = commonWidth(records);
  const typed = typeShare(records, width);
  return { dialect, share, width, score: share * share * ((width - 1 + 1e-3) / width) * (0.1 + 0.9 * typed) };
}

/** The width that most sound records have, and the share of records that have it. */
export function commonWidth(records: readonly SampleRecord[]): { width: number; share: number } {
  const widths = new Map<number, number>();
  for (const record of records)
    if (!record.broken) widths.set(record.fields.length, (widths.get(record.fields.length) ?? 0) + 1);
  let width = 1;
  let most = 0;
  for (const [candidate, count] of widths) {
    if (count > most || (count === most && candidate > width)) {
      width = candidate;
      most = count;
    }
  }
  return { width, share: records.length === 0 ? 0 : most / records.length };
}

function typeShare(records: readonly SampleRecord[], width: number): number {
  let values = 0;
  let clean = 0;
  for (const record of records) {
    if (record.broken || record.fields.length !== width) continue;
    record.fields.forEach((field, index) => {
      values++;
      const edges = field !== field.trim() ? 0.5 : 1;
      if (record.quoted[index] === true) clean++;
      else if (looksLikeOneValue(field)) clean += edges;
    });
    if (values > 20_000) break;
  }
  return values === 0 ? 0 : clean / values;
}
