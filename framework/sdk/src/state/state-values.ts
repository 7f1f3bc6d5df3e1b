import type { SqlValue } from "@datapy/mod-kit";
import { fault } from "../errors.js";

/** Key of the wrapper in which values that JSON does not have are kept: `{"$datapy": "bigint", "value": "12"}`. */
const WRAPPER = "$datapy";

/** A bookmark as JSON. Every {@link SqlValue} comes back from {@link decodeValue} as it was. */
export function encodeValue(key: string, value: SqlValue): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return { [WRAPPER]: "bigint", value: value.toString() };
  if (typeof value === "number") {
    if (!Number.isFinite(value))
      throw fault("DATAPY_STATE_VALUE", { key, detail: `${String(value)} is not a finite number` });
    return Object.is(value, -0) ? { [WRAPPER]: "number", value: "-0" } : value;
  }
  if (value instanceof Uint8Array) return { [WRAPPER]: "bytes", value: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return (value as readonly SqlValue[]).map((item) => encodeValue(key, item));
  if (typeof value !== "object") throw fault("DATAPY_STATE_VALUE", { key, detail: `a ${typeof value} is no value` });
  const fields = Object.entries(value).map(([name, field]) => [name, encodeValue(key, field)] as const);
  const object = Object.fromEntries(fields);
  return Object.hasOwn(object, WRAPPER) ? { [WRAPPER]: "object", value: object } : object;
}

/** The bookmark behind what {@link encodeValue} gave. */
export function decodeValue(json: unknown): SqlValue {
  if (typeof json !== "object" || json === null) return json as SqlValue;
  if (Array.isArray(json)) return json.map(decodeValue);
  const { [WRAPPER]: kind, value } = json as Readonly<Record<string, unknown>>;
  switch (kind) {
    case "bigint":
      return BigInt(String(value));
    case "number":
      return Number(value);
    case "bytes":
      return new Uint8Array(Buffer.from(String(value), "base64"));
    case "object":
      return decodeFields(value as object);
    default:
      return decodeFields(json);
  }
}

function decodeFields(object: object): SqlValue {
  return Object.fromEntries(Object.entries(object).map(([name, field]) => [name, decodeValue(field)]));
}
