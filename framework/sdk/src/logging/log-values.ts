/** How much of one line is written. Whatever is cut is said in its place. */
const LIMITS = { textLength: 32_768, depth: 8, entries: 1_000, lineLength: 262_144 } as const;

/** A value as JSON can hold it. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What one line has left to spend, and the objects that enclose the value being read. */
interface Budget {
  readonly mask: (text: string) => string;
  readonly enclosing: Set<object>;
  entries: number;
  length: number;
}

/**
 * Turns whatever a program logs into JSON, never throwing: errors keep stack and cause, whole numbers past 2^53 become text,
 * cycles and huge values are cut and say so. Texts are masked **before** they are cut, so that no half of a secret remains.
 */
export function createValueReader(mask: (text: string) => string): (value: unknown) => JsonValue | undefined {
  const budget: Budget = { mask, enclosing: new Set(), entries: LIMITS.entries, length: LIMITS.lineLength };
  return (value) => read(value, budget, 0);
}

function read(value: unknown, budget: Budget, depth: number): JsonValue | undefined {
  switch (typeof value) {
    case "undefined":
      return undefined;
    case "string":
      return readText(value, budget);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
    case "symbol":
      return readText(String(value), budget);
    case "function":
      return `[function ${value.name === "" ? "(anonymous)" : value.name}]`;
    case "object":
      return value === null ? null : readObject(value, budget, depth);
  }
}

function readText(text: string, budget: Budget): string {
  const masked = budget.mask(text);
  const allowed = Math.max(0, Math.min(LIMITS.textLength, budget.length));
  const kept =
    masked.length > allowed ? `${masked.slice(0, allowed)}… [${masked.length - allowed} more characters]` : masked;
  budget.length -= kept.length;
  return kept;
}

function readObject(value: object, budget: Budget, depth: number): JsonValue {
  if (budget.enclosing.has(value)) return "[circular]";
  if (depth >= LIMITS.depth) return "[too deep]";
  budget.enclosing.add(value);
  try {
    if (value instanceof Error) return readError(value, budget, depth);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof RegExp) return readText(String(value), budget);
    if (value instanceof Map) return readEntries(value.entries(), value.size, budget, depth);
    if (value instanceof Set) return readItems(value.values(), value.size, budget, depth);
    if (Array.isArray(value)) return readItems(value.values(), value.length, budget, depth);
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") return read(toJSON.call(value), budget, depth + 1) ?? null;
    return readEntries(
      Object.keys(value).map((key) => [key, property(value, key)]),
      Object.keys(value).length,
      budget,
      depth,
    );
  } catch (error) {
    return `[not readable: ${error instanceof Error ? error.message : "an exotic object"}]`;
  } finally {
    budget.enclosing.delete(value);
  }
}

function property(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch (error) {
    return `[getter failed: ${error instanceof Error ? error.message : "unknown"}]`;
  }
}

function readItems(items: Iterable<unknown>, size: number, budget: Budget, depth: number): JsonValue[] {
  const list: JsonValue[] = [];
  for (const item of items) {
    if (budget.entries <= 0 || budget.length <= 0) {
      list.push(`[${size - list.length} more]`);
      break;
    }
    budget.entries -= 1;
    list.push(read(item, budget, depth + 1) ?? null);
  }
  return list;
}

function readEntries(
  entries: Iterable<readonly [unknown, unknown]>,
  size: number,
  budget: Budget,
  depth: number,
): Record<string, JsonValue> {
  const record: Record<string, JsonValue> = {};
  let taken = 0;
  for (const [key, item] of entries) {
    if (budget.entries <= 0 || budget.length <= 0) {
      record["…"] = `[${size - taken} more]`;
      break;
    }
    taken += 1;
    budget.entries -= 1;
    const json = read(item, budget, depth + 1);
    // defineProperty, since a key may be `__proto__`.
    if (json !== undefined) {
      Object.defineProperty(record, readText(String(key), budget), {
        value: json,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  return record;
}

function readError(error: Error, budget: Budget, depth: number): JsonValue {
  const own = Object.keys(error)
    .filter((key) => !["name", "message", "stack", "cause", "brand", "errors"].includes(key))
    .map((key): [string, unknown] => [key, property(error, key)]);
  const nested: [string, unknown][] = [];
  if (error.cause !== undefined) nested.push(["cause", error.cause]);
  if (error instanceof AggregateError) nested.push(["errors", error.errors]);
  const entries: [string, unknown][] = [
    ["name", error.name],
    ["message", error.message],
    ...own,
    ["stack", error.stack],
    ...nested,
  ];
  return readEntries(entries, entries.length, budget, depth);
}
