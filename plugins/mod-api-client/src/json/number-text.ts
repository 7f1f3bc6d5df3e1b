/** A decimal number: `digits` × 10^`exponent`, without zeros at either end of the digits. */
export interface DecimalText {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

/** Takes a JSON number apart. */
export function decimalOf(text: string): DecimalText {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  return {
    negative: sign === "-",
    digits,
    exponent: digits === "" ? 0 : Number(exponent) - fraction.length + (all.length - digits.length),
  };
}

/** Digits before and after the point when the number is written plainly. */
export function widthOf({ digits, exponent }: DecimalText): { readonly whole: number; readonly scale: number } {
  return { whole: Math.max(0, digits.length + exponent), scale: Math.max(0, -exponent) };
}

/** The number without exponent and without needless zeros; as it is where that would take more than 400 digits. */
export function plainNumber(text: string): string {
  const { negative, digits, exponent } = decimalOf(text);
  if (digits === "") return "0";
  const { whole, scale } = widthOf({ negative, digits, exponent });
  if (whole + scale > 400) return text;
  const padded = exponent >= 0 ? digits + "0".repeat(exponent) : digits.padStart(scale + 1, "0");
  const plain = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  return negative ? `-${plain}` : plain;
}

/** Whether a double, printed, is this very number: then a DOUBLE keeps every digit that was sent. */
export function isExactDouble(text: string): boolean {
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  const sent = decimalOf(text);
  const kept = decimalOf(String(value));
  return sent.digits === kept.digits && sent.exponent === kept.exponent;
}
