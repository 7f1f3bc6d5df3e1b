import type { SourceLocation } from "@datapy/mod-kit";
import { fault } from "../errors.js";

/** One field of a cron expression: `undefined` for "every one", else the numbers, ascending. */
export type CronField = readonly number[] | undefined;

/** A cron expression, taken apart. Days of the week are 0 (Sunday) to 6. */
export interface CronExpression {
  readonly minutes: CronField;
  readonly hours: CronField;
  readonly daysOfMonth: CronField;
  readonly months: CronField;
  readonly daysOfWeek: CronField;
  /** The five fields as written, a macro written out. */
  readonly text: string;
}

const MACROS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** An expression that is being read, and where it stands. */
interface Whole {
  readonly given: string;
  readonly location: SourceLocation | undefined;
}

const FIELDS = [
  { name: "minute", from: 0, to: 59, names: [] },
  { name: "hour", from: 0, to: 23, names: [] },
  { name: "day of the month", from: 1, to: 31, names: [] },
  { name: "month", from: 1, to: 12, names: MONTHS },
  // 7 is Sunday, too.
  { name: "day of the week", from: 0, to: 7, names: DAYS },
] as const;

/**
 * Reads a cron expression of five fields (`*`, numbers, names, lists, ranges, steps) or a macro (`@daily`).
 *
 * @throws DatapyError `DATAPY_SCHEDULE_INVALID`
 */
export function parseCron(given: string, location?: SourceLocation): CronExpression {
  const text = MACROS[given.trim().toLowerCase()] ?? given.trim().replace(/\s+/g, " ");
  const parts = text.split(" ");
  if (parts.length !== FIELDS.length)
    throw invalid(given, location, "it has not five fields: minute, hour, day of the month, month, day of the week");
  const [minutes, hours, daysOfMonth, months, weekdays] = FIELDS.map((field, index) =>
    parseField({ given, location }, parts[index] ?? "", field),
  );
  const daysOfWeek = weekdays === undefined ? undefined : ascending(weekdays.map((day) => day % 7));
  return { minutes, hours, daysOfMonth, months, daysOfWeek, text };
}

function parseField(whole: Whole, text: string, field: (typeof FIELDS)[number]): CronField {
  if (text === "*" || text === "*/1" || text === "?") return undefined;
  return ascending(text.split(",").flatMap((item) => parseItem(whole, item, field)));
}

function parseItem(whole: Whole, item: string, { name, from, to, names }: (typeof FIELDS)[number]): number[] {
  const [, range = "", , stepText] = /^(\*|[^/]+)(\/(\d+))?$/.exec(item) ?? [];
  const step = stepText === undefined ? 1 : Number(stepText);
  const [startText = "", endText] = range.split("-");
  const read = (text: string): number => {
    const place = names.findIndex((one) => one === text.toLowerCase());
    // Months are counted from 1, days of the week from 0.
    return place >= 0 ? place + (from === 1 ? 1 : 0) : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const start = range === "*" ? from : read(startText);
  const last = to === 7 && range === "*" ? 6 : to;
  const until = range === "*" || (stepText !== undefined && endText === undefined) ? last : read(endText ?? startText);
  // From Friday to Sunday.
  const end = to === 7 && until === 0 && start > 0 ? 7 : until;
  if (!(start >= from && end <= to && start <= end && step >= 1))
    throw invalid(whole.given, whole.location, `${JSON.stringify(item)} is no ${name}`);
  const values: number[] = [];
  for (let value = start; value <= end; value += step) values.push(value);
  return values;
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function invalid(given: string, location: SourceLocation | undefined, detail: string): Error {
  return fault("DATAPY_SCHEDULE_INVALID", { schedule: JSON.stringify(given), detail }, { location });
}
