import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { parameterFaults } from "./parameter-faults.js";
import type { ParameterCheck } from "./parameter-faults.js";

/** More than anybody reads; a list of a million wrong values shall not make an envelope of a million lines. */
const SHOWN_FAULTS = 50;

/**
 * Holds parameters against their schema. Returns every fault at once, each with the parameter, what was expected, what was given, and
 * where; none when they are valid. See {@link parameterFaults}. After the fiftieth they are only counted.
 */
export function validateParameters(check: ParameterCheck): DatapyError[] {
  const faults = parameterFaults(check).map(({ error }) => error);
  const left = faults.length - SHOWN_FAULTS;
  return left > 0 ? [...faults.slice(0, SHOWN_FAULTS), fault("DATAPY_PARAMETER_FAULTS", { count: left })] : faults;
}
