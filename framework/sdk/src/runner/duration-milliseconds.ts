import { parseDuration } from "../contract/parse-quantity.js";
import { fault } from "../errors.js";

/** A length of time in code: milliseconds, or text with units (`500ms`, `30s`, `1h 30m`). `what` is named in the error. */
export function durationMilliseconds(value: number | string, what: string): number {
  const milliseconds = typeof value === "number" ? value : parseDuration(value);
  if (milliseconds !== undefined && Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  throw fault("DATAPY_SCRIPT_ARGUMENT", {
    what,
    expected: 'a number of milliseconds or text such as "30s"',
    given: JSON.stringify(value),
  });
}
