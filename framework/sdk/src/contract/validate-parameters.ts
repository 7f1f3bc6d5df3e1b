import type { DatapyError } from "@datapy/mod-kit";
import { shownFaults } from "../faults.js";
import { parameterFaults } from "./parameter-faults.js";
import type { ParameterCheck } from "./parameter-faults.js";

/**
 * Holds parameters against their schema. Returns every fault at once, each with the parameter, what was expected, what was given, and
 * where; none when they are valid. See {@link parameterFaults}. After the fiftieth they are only counted.
 */
export function validateParameters(check: ParameterCheck): DatapyError[] {
  return shownFaults(parameterFaults(check).map(({ error }) => error));
}
