import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "./errors.js";

/** More than anybody reads; a list of a million wrong values shall not make an envelope of a million lines. */
const SHOWN_FAULTS = 50;

/** The first faults, and how many more there are. */
export function shownFaults(faults: readonly DatapyError[]): DatapyError[] {
  const left = faults.length - SHOWN_FAULTS;
  if (left <= 0) return [...faults];
  return [...faults.slice(0, SHOWN_FAULTS), fault("DATAPY_PARAMETER_FAULTS", { count: left })];
}

/** Several faults found at once. `faults` is never empty; the exit code is the worst of them. */
export class FaultList extends Error {
  readonly brand = "datapy.fault-list";
  readonly faults: readonly DatapyError[];

  constructor(faults: readonly DatapyError[]) {
    super(faults.map((one) => one.message).join("\n"));
    this.name = "FaultList";
    this.faults = faults;
  }
}
