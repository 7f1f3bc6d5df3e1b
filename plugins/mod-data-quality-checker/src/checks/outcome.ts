/** How an expectation was met. `skipped`: there is not enough to judge by yet. */
export interface Outcome {
  readonly name: string;
  readonly check: string;
  readonly severity: "error" | "warn";
  readonly status: "passed" | "failed" | "skipped";
  readonly expected: string;
  readonly observed: string;
  /** Kept for the history of later runs. */
  readonly value: number | undefined;
  /** Values of earlier runs, oldest first, for the plot. */
  readonly history?: readonly number[];
}

/** What a check finds out; name and severity are added. */
export type Finding = Pick<Outcome, "status" | "expected" | "observed"> & Partial<Pick<Outcome, "value" | "history">>;

/** `passed` or `failed`. */
export function judged(isMet: boolean, expected: string, observed: string, value?: number): Finding {
  return { status: isMet ? "passed" : "failed", expected, observed, ...(value === undefined ? {} : { value }) };
}

/** A share as people read it, without rounding a failure up to 100 %. */
export function percent(share: number): string {
  const text = (share * 100).toFixed(2);
  return `${text === "100.00" && share < 1 ? "99.99…" : text} %`;
}

/** A number as people read it. */
export function plain(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(12)));
}
