import type { DatapyError, SourceLocation } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { restate } from "../restate.js";

/** How grave a finding is: an error keeps a run from starting, a warning does not. */
export type Severity = "error" | "warning";

/** Something that lint found. */
export interface Finding {
  readonly severity: Severity;
  /** The same error that a run would end with. */
  readonly error: DatapyError;
  /** For faults of the YAML itself: the line with a caret under the place. */
  readonly excerpt?: string;
}

/** Where findings go while a file is checked. */
export class FindingList {
  readonly #findings = new Map<string, Finding>();

  get all(): Finding[] {
    return [...this.#findings.values()];
  }

  /** Adds a finding; one that is there already is not added again. */
  add(severity: Severity, error: DatapyError, excerpt?: string): void {
    const key = findingKey(error);
    if (!this.#findings.has(key))
      this.#findings.set(key, { severity, error, ...(excerpt === undefined ? {} : { excerpt }) });
  }

  error(error: DatapyError): void {
    this.add("error", error);
  }

  warning(error: DatapyError): void {
    this.add("warning", error);
  }
}

/** What makes two findings one: the same fault at the same place. */
export function findingKey({ code, message, location }: DatapyError): string {
  return JSON.stringify([location?.file, location?.line, location?.column, code, message]);
}

/** The fault of a mod that cannot be had, at the place in a file where it is named. */
export function modFault(error: DatapyError, mod: string, location: SourceLocation | undefined): DatapyError {
  // Where it was looked for is of no use to somebody who reads a job file.
  if (error.code === "DATAPY_MOD_UNKNOWN")
    return fault(error.code, { mod, places: "not installed here" }, { location, hint: error.hint });
  return restate(error, { location });
}

/** By file, line and column. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const rank = ({ error, severity }: Finding): [string, number, number, string, string] => {
    const { file = "", line = 0, column = 0 } = error.location ?? ({} as Partial<SourceLocation>);
    return [file, line, column, severity, error.code];
  };
  return [...findings].sort((one, other) => {
    const [first, second] = [rank(one), rank(other)];
    for (let index = 0; index < first.length; index++) {
      const [a, b] = [first[index] ?? "", second[index] ?? ""];
      if (a !== b) return a < b ? -1 : 1;
    }
    return 0;
  });
}
