/** Masks secrets by value in whatever the process writes. */
export interface Masker {
  /** Masks `value` from now on: raw, URL-encoded, base64, JSON-escaped, and every line of a multi-line one. */
  add(value: string): void;
  /** `text` with every secret replaced by `***`. */
  mask(text: string): string;
  /** A copy of a JSON value with every text in it (keys too) masked. Returns `value` itself when nothing had to change. */
  maskJson<Value>(value: Value): Value;
}
