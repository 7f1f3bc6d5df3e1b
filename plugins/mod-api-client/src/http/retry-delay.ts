/** Longest backoff that the mod chooses by itself, in milliseconds; a server may ask for more. */
const MOST_BACKOFF_MS = 60_000;

/**
 * Milliseconds until the next try: exponential from `base`, of which a random part (at least half) is waited, so that many clients do
 * not come back at once.
 */
export function backoffDelay(attempt: number, base: number, random: () => number = Math.random): number {
  const full = Math.min(MOST_BACKOFF_MS, base * 2 ** attempt);
  return full / 2 + (random() * full) / 2;
}

/** Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date. Undefined where it says neither. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1_000;
  if (!/[a-z]{3}/i.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
