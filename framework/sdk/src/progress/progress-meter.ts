/** What a run counts. */
export type ProgressUnit = "rows" | "bytes" | "files";

/** How far a run is in one unit. */
interface Count {
  readonly done: number;
  readonly total: number | undefined;
}

/** A point of the past, to measure the rate from. */
interface Mark {
  readonly at: number;
  readonly done: number;
}

/** Counts of a run that is going on, and how fast they grow. */
export interface ProgressMeter {
  readonly startedAt: number;
  /** Notes that `done` of `total` are done. `at` is in milliseconds. */
  update(unit: ProgressUnit, done: number, total: number | undefined, at: number): void;
  /** The line that shows it, at most `width` characters: shorter where they are few, the times last. */
  render(label: string, at: number, width: number): string;
}

/** The rate is that of the last seconds, so that it tells of a stall. */
const WINDOW_MS = 5_000;
const UNITS: readonly ProgressUnit[] = ["rows", "files", "bytes"];

/** Makes a meter of a run that started at `startedAt`. */
export function createProgressMeter(startedAt: number): ProgressMeter {
  const counts = new Map<ProgressUnit, Count>();
  const marks = new Map<ProgressUnit, Mark[]>();

  const rate = (unit: ProgressUnit, at: number): number | undefined => {
    const history = marks.get(unit) ?? [];
    const first = history.findLast((mark) => mark.at <= at - WINDOW_MS) ?? history[0];
    const done = counts.get(unit)?.done;
    if (first === undefined || done === undefined || at - first.at < 200) return undefined;
    return Math.max(0, ((done - first.done) * 1_000) / (at - first.at));
  };

  return {
    startedAt,
    update(unit, done, total, at) {
      if (!Number.isFinite(done)) return;
      counts.set(unit, { done, total: total !== undefined && Number.isFinite(total) && total > 0 ? total : undefined });
      const history = marks.get(unit) ?? [{ at: startedAt, done: 0 }];
      marks.set(unit, history);
      const last = history.at(-1);
      // Ten marks a second at most, and none that no window reaches back to.
      if (last === undefined || at - last.at >= 100) history.push({ at, done });
      while ((history[1]?.at ?? at) <= at - WINDOW_MS) history.shift();
    },
    render(label, at, width) {
      const seconds = (at - startedAt) / 1_000;
      const units = UNITS.flatMap((unit) => {
        const count = counts.get(unit);
        return count === undefined ? [] : [{ unit, count, speed: rate(unit, at) }];
      });
      let remaining: number | undefined;
      for (const { count, speed } of units) {
        if (count.total !== undefined && count.total > count.done && speed !== undefined && speed > 0)
          remaining ??= (count.total - count.done) / speed;
      }
      const time = clock(seconds) + (remaining === undefined ? "" : `, ${clock(remaining)} left`);
      const line = (amounts: readonly string[], name = label): string => [name, ...amounts, time].join("  ");
      const full = line(units.map((one) => amountOf(one.unit, one.count) + speedOf(one)));
      // What tells least goes first on a narrow terminal; how long it takes stays.
      const shares = units.map(({ unit, count }) => shareOf(unit, count));
      const [first] = shares;
      const shorter = [
        line(units.map((one, index) => (shares[index] ?? "") + speedOf(one))),
        line(shares),
        ...(first === undefined ? [] : [line([first])]),
      ];
      const fitting = [full, ...shorter].find((one) => one.length <= width);
      if (fitting !== undefined) return fitting;
      const rest = line(first === undefined ? [] : [first], "");
      return width - rest.length >= 4 ? shortened(label, width - rest.length) + rest : shortened(line([]), width);
    },
  };
}

/** Rate of what goes on; what has been counted to its end waits for the work behind it (a commit, a file's last pass). */
function speedOf({
  unit,
  count,
  speed,
}: {
  readonly unit: ProgressUnit;
  readonly count: Count;
  readonly speed: number | undefined;
}): string {
  if (count.total !== undefined && count.done >= count.total) return ", finishing";
  return speed === undefined ? "" : `, ${amount(unit, speed)}/s`;
}

function shareOf(unit: ProgressUnit, { done, total }: Count): string {
  return total === undefined ? amount(unit, done) : `${percentOf(done, total)} %`;
}

function percentOf(done: number, total: number): number {
  return Math.min(100, Math.floor((done / total) * 100));
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function amountOf(unit: ProgressUnit, { done, total }: Count): string {
  if (total === undefined) return amount(unit, done);
  const whole = unit === "bytes" ? amount(unit, total) : `${grouped(total)} ${unit}`;
  return `${unit === "bytes" ? amount(unit, done) : grouped(done)} of ${whole} (${percentOf(done, total)} %)`;
}

function amount(unit: ProgressUnit, value: number): string {
  if (unit !== "bytes") return `${grouped(value)} ${unit}`;
  for (const [size, name] of [
    [2 ** 40, "TiB"],
    [2 ** 30, "GiB"],
    [2 ** 20, "MiB"],
    [2 ** 10, "KiB"],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(1)} ${name}`;
  }
  return `${Math.round(value)} B`;
}

function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `4 s`, `3:05`, `2:03:05`. */
function clock(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  return hours === 0 ? `${minutes}:${two(whole % 60)}` : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}
