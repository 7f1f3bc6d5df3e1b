/** A number of a JSON document, as it was written: no digit is lost. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

/** An object, fields in their order. A Map, since a field may be called `__proto__`. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A value of a JSON document, read without loss. */
export type JsonValue = string | boolean | null | JsonNumber | JsonObject | readonly JsonValue[];

/** Whether a value is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** Whether a value is a list. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Writes a value as JSON, numbers as they were received. With `scalarsAsText` every number and truth value becomes a text. */
export function jsonText(value: JsonValue, scalarsAsText = false): string {
  if (value instanceof JsonNumber) return scalarsAsText ? `"${value.text}"` : value.text;
  if (typeof value === "boolean") return scalarsAsText ? `"${String(value)}"` : String(value);
  if (value === null || typeof value === "string") return JSON.stringify(value);
  if (isJsonObject(value)) {
    const fields = [...value].map(([key, inner]) => `${JSON.stringify(key)}:${jsonText(inner, scalarsAsText)}`);
    return `{${fields.join(",")}}`;
  }
  return `[${value.map((inner) => jsonText(inner, scalarsAsText)).join(",")}]`;
}

/** A scalar as plain text; undefined for null, objects and lists. */
export function scalarText(value: JsonValue | undefined): string | undefined {
  if (value instanceof JsonNumber) return value.text;
  if (typeof value === "string") return value;
  return typeof value === "boolean" ? String(value) : undefined;
}
