import { fault } from "../errors.js";

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Reads a point in the past: a length of time before `now` (`90s`, `30m`, `12h`, `2d`, `1w 3d`), or a date or time in ISO 8601
 * (`2026-08-12`, `2026-08-12T14:30`), local unless it says otherwise.
 *
 * @throws DatapyError `DATAPY_TIME_UNREADABLE`
 */
export function parseSince(text: string, now: Date): Date {
  const trimmed = text.trim();
  if (/^(?:\d+(?:\.\d+)?\s*[smhdw]\s*)+$/.test(trimmed)) {
    let length = 0;
    for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([smhdw])/g)) {
      length += Number(amount) * (UNITS[unit ?? ""] ?? 0);
    }
    const since = new Date(now.getTime() - length);
    if (!Number.isNaN(since.getTime())) return since;
  }
  if (/^\d{4}-\d\d-\d\d(?:[T ]|$)/.test(trimmed)) {
    // A date alone would be read as UTC.
    const date = new Date(trimmed.length === 10 ? `${trimmed}T00:00` : trimmed);
    if (!Number.isNaN(date.getTime())) return date;
  }
  throw fault("DATAPY_TIME_UNREADABLE", { given: JSON.stringify(text) });
}
