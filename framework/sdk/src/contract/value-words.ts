const SHOWN_CHARACTERS = 60;
const SHOWN_KEYS = 6;

/**
 * A value in words, short: `the text "abc"`, `the number 5`, `a list of 3 values`, `a mapping with a, b`. Values inside lists and
 * mappings are not shown, nor is the password of a URL.
 */
export function valueWords(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "nothing";
    case "string":
      return value === "" ? "an empty text" : `the text ${shortText(value)}`;
    case "number":
    case "bigint":
      return `the number ${String(value)}`;
    case "boolean":
      return String(value);
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : objectWords(value);
  }
}

/** What kind of thing a value is, without the value itself. */
export function kindWords(value: unknown): string {
  if (value === null || value === undefined) return valueWords(value);
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
    case "bigint":
      return "a number";
    case "boolean":
      return "a truth value";
    default:
      return "a mapping";
  }
}

function objectWords(value: object): string {
  if (Array.isArray(value)) return value.length === 1 ? "a list of one value" : `a list of ${value.length} values`;
  if (value instanceof Promise) return "a promise";
  if (value instanceof Date) return "a date";
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty mapping";
  const shown = keys.slice(0, SHOWN_KEYS).map((key) => (key.length > 40 ? `${key.slice(0, 39)}…` : key));
  return `a mapping with ${shown.join(", ")}${keys.length > SHOWN_KEYS ? ", …" : ""}`;
}

function shortText(text: string): string {
  const safe = text.replace(/(\w:\/\/[^/\s:@]*):[^/\s@]+@/g, "$1:***@");
  return JSON.stringify(safe.length > SHOWN_CHARACTERS ? `${safe.slice(0, SHOWN_CHARACTERS - 1)}…` : safe);
}
