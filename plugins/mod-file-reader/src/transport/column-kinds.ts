/** What a value is, as its file says. The letter stands before the value's text on its way. */
export type Kind = "s" | "n" | "b" | "j" | "d" | "t" | "c" | "i";

/** Words for kinds, for messages. */
export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  s: "texts",
  n: "numbers",
  b: "booleans",
  j: "objects or lists",
  d: "dates",
  t: "timestamps",
  c: "times of day",
  i: "durations",
};

/** What the values of a column have in common. Grows as values come by. */
export class ColumnKinds {
  readonly kinds = new Set<Kind>();
  #integers = true;
  /** Digits before and behind the point, at most. */
  #whole = 0;
  #scale = 0;
  #hasExponent = false;
  #isDouble = true;

  add(kind: Kind, text: string): void {
    this.kinds.add(kind);
    if (kind === "n") this.#addNumber(text);
  }

  #addNumber(text: string): void {
    const [, sign = "", whole = "", fraction, exponent] = NUMBER.exec(text) ?? [];
    const isInteger = fraction === undefined && exponent === undefined && !(sign === "-" && whole === "0");
    this.#integers &&= isInteger;
    this.#whole = Math.max(this.#whole, whole.length);
    this.#scale = Math.max(this.#scale, fraction?.length ?? 0);
    this.#hasExponent ||= exponent !== undefined;
    this.#isDouble &&= isDoubleExactly(text);
  }

  /** DuckDB type that holds all values as they are. */
  type(): string {
    const [kind, ...others] = this.kinds;
    if (kind === undefined) return "VARCHAR";
    if (others.length > 0)
      return this.kinds.size === 2 && this.kinds.has("d") && this.kinds.has("t") ? "TIMESTAMP" : "JSON";
    switch (kind) {
      case "s":
        return "VARCHAR";
      case "b":
        return "BOOLEAN";
      case "j":
        return "JSON";
      case "d":
        return "DATE";
      case "t":
        return "TIMESTAMP";
      case "c":
        return "TIME";
      case "i":
        return "INTERVAL";
      case "n":
        break;
    }
    if (this.#integers) return this.#whole <= 18 ? "BIGINT" : this.#whole <= 38 ? "DECIMAL(38,0)" : "VARCHAR";
    if (this.#isDouble) return "DOUBLE";
    const fits = !this.#hasExponent && this.#whole + this.#scale <= 38;
    return fits ? `DECIMAL(38,${String(this.#scale)})` : "VARCHAR";
  }
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Whether a DOUBLE gives back the same number: 0.1 does, 0.12345678901234567890 and 9007199254740993 do not. */
export function isDoubleExactly(text: string): boolean {
  const given = digitsOf(text);
  const value = Number(text);
  if (given === undefined || !Number.isFinite(value)) return false;
  // 15 digits always survive, in the range of normal numbers.
  if (given.digits.length <= 15 && Math.abs(given.exponent) < 290) return true;
  const kept = digitsOf(String(value));
  return kept?.digits === given.digits && kept.exponent === given.exponent;
}

/** A number as digits without zeros at the ends, times a power of ten. */
function digitsOf(text: string): { readonly digits: string; readonly exponent: number } | undefined {
  const [, , whole, fraction = "", power = "0"] = NUMBER.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  return { digits, exponent: digits === "" ? 0 : Number(power) - fraction.length + (all.length - digits.length) };
}
