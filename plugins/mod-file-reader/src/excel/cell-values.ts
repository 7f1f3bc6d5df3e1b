import type { Kind } from "../transport/column-kinds.js";

/** What a number format shows. */
export type NumberFormat = "number" | "date" | "timestamp" | "time" | "duration";

/** Built-in formats of dates and times. Source: ECMA-376, part 1, 18.8.30. */
function builtIn(id: number): NumberFormat {
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58)) return "date";
  if (id === 22) return "timestamp";
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id === 45 || id === 47) return "time";
  return id === 46 ? "duration" : "number";
}

/** What a cell format shows: by its code where it has one of its own, else by its number. */
export function numberFormat(id: number, code: string | undefined): NumberFormat {
  if (code === undefined) return builtIn(id);
  const [positive = ""] = code.split(";");
  const letters = positive
    .replace(/"[^"]*"|\\.|_.|\*./g, "")
    .replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, "")
    .toLowerCase();
  if (/\[(?:h+|m+|s+)\]/.test(letters)) return "duration";
  if (letters.includes("general")) return "number";
  const hasDay = /[yd]|(?<!h.?)mmm/.test(letters) || (letters.includes("m") && !/[hs]/.test(letters));
  const hasTime = /[hs]/.test(letters);
  if (hasDay) return hasTime ? "timestamp" : "date";
  return hasTime ? "time" : "number";
}

/** A value of a cell, or why it has none that can be read. */
export type CellValue = { readonly kind: Kind; readonly text: string } | { readonly fault: string };

const DAY_MS = 86_400_000;

/**
 * A number as its format shows it. Days are counted from the day before 1900, with a 29 February 1900 that there never was, or from 1904; no
 * time zone comes into it.
 */
export function numberValue(text: string, format: NumberFormat, is1904: boolean): CellValue {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return { fault: `${JSON.stringify(text)} is no number` };
  if (format === "number") return { kind: "n", text: plainNumber(text, value) };
  if (format === "duration") return { kind: "i", text: durationText(value) };
  if (format === "time" && value >= 0 && value < 1) return { kind: "c", text: timeText(Math.round(value * DAY_MS)) };
  const shifted = is1904 ? value + 1_462 : value;
  if (!is1904 && shifted >= 60 && shifted < 61) return { fault: "29 February 1900, a day that there never was" };
  const days = !is1904 && shifted < 60 ? shifted + 1 : shifted;
  if (shifted < 0 || days >= 2_958_466) return { fault: `${text} is no date` };
  const moment = Math.round((days - 25_569) * DAY_MS);
  const iso = new Date(moment).toISOString();
  if (format === "date" && moment % DAY_MS === 0) return { kind: "d", text: iso.slice(0, 10) };
  return { kind: "t", text: `${iso.slice(0, 10)} ${iso.slice(11, 23)}` };
}

/** A number as JSON has it. Whole numbers that are written with all their digits keep them. */
function plainNumber(text: string, value: number): string {
  const given = text.trim();
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(given)) return given.replace(/\.0+$/, "");
  return Number.isInteger(value) && Math.abs(value) < 2 ** 53
    ? BigInt(value).toString()
    : String(value).replace("e+", "e");
}

function timeText(milliseconds: number): string {
  const pad = (value: number, width = 2): string => String(Math.floor(value)).padStart(width, "0");
  return `${pad(milliseconds / 3_600_000)}:${pad((milliseconds / 60_000) % 60)}:${pad((milliseconds / 1_000) % 60)}.${pad(milliseconds % 1_000, 3)}`;
}

function durationText(value: number): string {
  return `${value < 0 ? "-" : ""}${timeText(Math.round(Math.abs(value) * DAY_MS))}`;
}

/** Undoes `_x000D_`. Source: ECMA-376, part 1, 22.9.2.19. */
export function cellText(text: string): string {
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

/** Column and row of `BC12`, counted from 0. */
export function cellPlace(reference: string): { readonly column: number; readonly row: number } | undefined {
  const [, letters, digits] = /^\$?([A-Za-z]{1,3})\$?([1-9]\d*)$/.exec(reference) ?? [];
  if (letters === undefined || digits === undefined) return undefined;
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  return { column: column - 1, row: Number(digits) - 1 };
}

/** `A`, `Z`, `AA`: the letters of a column, counted from 0. */
export function columnName(index: number): string {
  let name = "";
  for (let rest = index; rest >= 0; rest = Math.floor(rest / 26) - 1)
    name = String.fromCharCode(65 + (rest % 26)) + name;
  return name;
}
