const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A `Duration()` as a user writes it, seconds or text with units, in milliseconds. `undefined` when it is none. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 && Number.isFinite(value) ? exact(value * 1000) : undefined;
  if (typeof value !== "string" || !/^(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)\s*)+$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)) {
    total += Number(amount) * (MILLISECONDS[unit ?? ""] ?? Number.NaN);
  }
  return exact(total);
}

/** A `ByteSize()` as a user writes it, bytes or text with a unit, in whole bytes. `undefined` when it is none. */
export function parseByteSize(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 && Number.isFinite(value) ? Math.round(value) : undefined;
  if (typeof value !== "string") return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(B|[kKMGT]B|[KMGT]iB)$/.exec(value);
  const unit = BYTES[match?.[2] ?? ""];
  return unit === undefined ? undefined : Math.round(Number(match?.[1]) * unit);
}

/** 0.1 s is 100 ms, not 100.00000000000001. */
function exact(milliseconds: number): number {
  return Math.round(milliseconds * 1e6) / 1e6;
}
