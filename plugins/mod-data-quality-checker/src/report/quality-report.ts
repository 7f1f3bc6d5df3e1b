import type { Outcome } from "../checks/outcome.js";
import type { Profile } from "../profile.js";

/** The report, as the JSON artifact holds it. `format` grows when a reader would have to change. */
export interface QualityReport {
  readonly format: 1;
  readonly title: string;
  readonly source: string;
  readonly dataset: string;
  readonly run_id: string;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  readonly summary: {
    readonly passed: number;
    /** Not met, severity `error`. */
    readonly failed: number;
    /** Not met, severity `warn`. */
    readonly warned: number;
    readonly skipped: number;
  };
  readonly expectations: readonly Outcome[];
  readonly profile: Profile;
}

/** How many expectations ended how. */
export function summaryOf(outcomes: readonly Outcome[]): QualityReport["summary"] {
  const count = (matches: (one: Outcome) => boolean): number => outcomes.filter(matches).length;
  return {
    passed: count((one) => one.status === "passed"),
    failed: count((one) => one.status === "failed" && one.severity === "error"),
    warned: count((one) => one.status === "failed" && one.severity === "warn"),
    skipped: count((one) => one.status === "skipped"),
  };
}
