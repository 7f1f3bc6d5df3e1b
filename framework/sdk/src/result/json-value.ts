/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A value that JSON cannot hold, and where it stands in the whole. */
export class NotJson extends Error {
  constructor(
    readonly place: string,
    readonly given: string,
  ) {
    super(place === "" ? given : `${given} at ${place}`);
    this.name = "NotJson";
  }
}

/** Deeper nesting is no measurement, and would overflow the stack of whoever reads the result. */
const DEEPEST = 100;

/**
 * A copy of `value` that survives JSON unchanged: `JSON.parse(JSON.stringify(copy))` equals it.
 *
 * - whole numbers of type bigint become numbers where no digit is lost, else text;
 * - NaN and the infinities become `null`, and `onLoss` is told where; so do `undefined` and holes in a list;
 * - dates become ISO text, errors their message, maps objects, sets and typed arrays lists; what has `toJSON` is asked;
 * - functions, symbols and circles throw {@link NotJson}, and so does nesting past 100 levels.
 */
export function toJsonValue(
  value: unknown,
  onLoss: (place: string, given: string) => void = () => undefined,
): JsonValue {
  return new Conversion(onLoss).convert(value, "");
}

class Conversion {
  readonly #open = new Set<object>();

  constructor(readonly onLoss: (place: string, given: string) => void) {}

  convert(value: unknown, place: string): JsonValue {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        if (!Number.isFinite(value)) return this.#lost(place, String(value));
        // JSON has no negative zero.
        return value === 0 ? 0 : value;
      case "bigint":
        return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
      case "undefined":
        return this.#lost(place, "undefined");
      case "function":
        throw new NotJson(place, "a function");
      case "symbol":
        throw new NotJson(place, "a symbol");
      case "object":
        return value === null ? null : this.#object(value, place);
    }
  }

  #object(value: object, place: string): JsonValue {
    if (value instanceof Date)
      return Number.isNaN(value.getTime()) ? this.#lost(place, "an invalid date") : value.toISOString();
    if (value instanceof Error) return value.message;
    if (value instanceof RegExp || value instanceof URL) return String(value);
    if (value instanceof Promise) throw new NotJson(place, "a promise (await is missing)");
    if (this.#open.has(value)) throw new NotJson(place, "a circle: the value contains itself");
    if (this.#open.size >= DEEPEST) throw new NotJson(place, `nesting deeper than ${DEEPEST} levels`);
    this.#open.add(value);
    try {
      return this.#parts(value, place);
    } finally {
      this.#open.delete(value);
    }
  }

  #parts(value: object, place: string): JsonValue {
    const own = value as { readonly toJSON?: unknown };
    if (typeof own.toJSON === "function" && !ArrayBuffer.isView(value)) {
      return this.convert((own.toJSON as (key: string) => unknown).call(value, ""), place);
    }
    if (Array.isArray(value)) return this.#list(value, place);
    if (value instanceof Set) return this.#list([...value], place);
    if (value instanceof DataView || value instanceof ArrayBuffer) throw new NotJson(place, "a buffer");
    if (ArrayBuffer.isView(value)) return this.#list([...(value as Uint8Array)], place);
    if (value instanceof Map)
      return this.#mapping(
        [...value].map(([key, inner]) => [keyText(key, place), inner]),
        place,
      );
    return this.#mapping(
      Object.entries(value).filter(([, inner]) => inner !== undefined),
      place,
    );
  }

  #list(items: readonly unknown[], place: string): JsonValue {
    // Not map(): it leaves the holes of a list as holes.
    return Array.from(items, (item, index) => this.convert(item, `${place}[${index}]`));
  }

  #mapping(entries: readonly (readonly [string, unknown])[], place: string): JsonValue {
    const copy: Record<string, JsonValue> = {};
    for (const [key, inner] of entries) setOwn(copy, key, this.convert(inner, place === "" ? key : `${place}.${key}`));
    return copy;
  }

  #lost(place: string, given: string): null {
    this.onLoss(place, given);
    return null;
  }
}

function keyText(key: unknown, place: string): string {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "bigint" || typeof key === "boolean") return String(key);
  throw new NotJson(place, "a map whose keys are no texts");
}

/** Sets a key as data: `__proto__` too. */
export function setOwn<Value>(target: Record<string, Value>, key: string, value: Value): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
