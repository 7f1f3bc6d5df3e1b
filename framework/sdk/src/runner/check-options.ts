import type { SourceLocation } from "@datapy/mod-kit";
import { closestName } from "../config/closest-name.js";
import { fault } from "../errors.js";

/**
 * Refuses an option that there is not: a script is run as it is, without a compiler that would miss the name, and an option that is
 * passed over (`failOnErr`) is a failure that nobody sees. Throws `DATAPY_SCRIPT_ARGUMENT` (20).
 */
export function checkOptions(
  what: string,
  options: object,
  known: readonly string[],
  callSite: () => SourceLocation | undefined,
): void {
  const stray = Object.entries(options).find(([name, value]) => value !== undefined && !known.includes(name))?.[0];
  if (stray === undefined) return;
  const near = closestName(stray, known);
  throw fault(
    "DATAPY_SCRIPT_ARGUMENT",
    { what: `an option given to ${what}`, given: JSON.stringify(stray), expected: `one of ${known.join(", ")}` },
    { location: callSite(), ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }) },
  );
}
