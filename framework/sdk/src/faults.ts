import type { DatapyError } from "@datapy/mod-kit";

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
