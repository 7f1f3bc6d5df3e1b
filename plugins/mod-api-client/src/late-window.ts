const DAY = 86_400_000;
const MOMENT =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:(?<gap>[T ])(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:(?<point>[.,])(?<fraction>\d{1,9}))?)?(?<zone> ?(?:Z|[+-]\d\d(?::?\d\d)?))?)?$/i;
const DECIMAL = /^(?<sign>-?)(?<whole>\d+)(?:\.(?<fraction>\d+))?$/;
/** The first and the last moment of years with four digits, in milliseconds since 1970. */
const FIRST = -62_135_596_800_000;

/**
 * A date or a time (ISO 8601), moved back by `window` milliseconds and written as it was: the same parts, the same offset, as many digits.
 * What the text has no digits for makes it earlier, never later; a date goes back by whole days, and nothing goes before the year 1.
 * `undefined` for any other text.
 */
export function earlierMoment(text: string, window: number): string | undefined {
  const parts = MOMENT.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const { gap, hour, minute, second, point = "", fraction = "", zone = "" } = parts;
  const day = `${parts["year"] ?? ""}-${parts["month"] ?? ""}-${parts["day"] ?? ""}`;
  // An offset stays as it is, so that the clock's own time can be moved.
  const start = Date.parse(`${day}T${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}Z`);
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(day) || start < FIRST) return undefined;
  if (gap === undefined)
    return new Date(Math.max(FIRST, start - Math.ceil(window / DAY) * DAY)).toISOString().slice(0, 10);

  const digit = 10n ** BigInt(9 - fraction.length);
  const nanoseconds = BigInt(start) * 1_000_000n + BigInt(fraction.padEnd(9, "0")) - BigInt(Math.round(window * 1e6));
  const unit = second === undefined ? 60_000_000_000n : digit;
  const whole = floored(nanoseconds < BigInt(FIRST) * 1_000_000n ? BigInt(FIRST) * 1_000_000n : nanoseconds, unit);
  const seconds = floored(whole, 1_000_000_000n);
  const moment = new Date(Number(seconds / 1_000_000n)).toISOString();
  const clock = moment.slice(11, second === undefined ? 16 : 19);
  const rest = fraction === "" ? "" : point + String((whole - seconds) / digit).padStart(fraction.length, "0");
  return `${moment.slice(0, 10)}${gap}${clock}${rest}${zone}`;
}

function floored(value: bigint, unit: bigint): bigint {
  const rest = value % unit;
  return value - (rest < 0n ? rest + unit : rest);
}

/** A number in digits, less `units`, to the last digit. `undefined` for any other text. */
export function lessUnits(text: string, units: number): string | undefined {
  const from = DECIMAL.exec(text)?.groups;
  const by = DECIMAL.exec(units.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 20 }))?.groups;
  if (from === undefined || by === undefined) return undefined;
  const scale = Math.max(from["fraction"]?.length ?? 0, by["fraction"]?.length ?? 0);
  const scaled = ({ sign, whole, fraction = "" }: Record<string, string | undefined>): bigint =>
    BigInt(`${sign ?? ""}${whole ?? ""}${fraction.padEnd(scale, "0")}`);
  const difference = scaled(from) - scaled(by);
  const digits = String(difference < 0n ? -difference : difference).padStart(scale + 1, "0");
  const cut = digits.length - scale;
  return `${difference < 0n ? "-" : ""}${digits.slice(0, cut)}${scale === 0 ? "" : `.${digits.slice(cut)}`}`;
}
