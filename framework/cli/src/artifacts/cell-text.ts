/** A value as a cell of a table: NULL is told from text, lists and structs are JSON, bytes are hexadecimal. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return hexadecimal(value);
  // Numbers, truth values and bigints.
  return typeof value === "object" ? JSON.stringify(value, jsonValue) : `${value as number}`;
}

/** A value as a field of CSV: NULL is an empty field, an empty text a quoted one. */
export function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = cellText(value);
  return text === "" || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Replacer for `JSON.stringify`: whole numbers past 2^53 become texts, bytes hexadecimal. */
export function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Uint8Array ? hexadecimal(value) : value;
}

function hexadecimal(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}
