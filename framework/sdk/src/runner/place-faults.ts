import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError, SourceLocation } from "@datapy/mod-kit";
import { FaultList } from "../faults.js";
import type { ResolvedParameters } from "../config/configuration-types.js";
import { CALL_IN_SCRIPT } from "../config/layer-parameters.js";
import { pointerTo } from "../config/yaml-document.js";
import { restate } from "../restate.js";
import { isFaultList } from "./failure-envelope.js";

/** Where a run's parameters were written. */
export interface FaultPlaces {
  /** Where the value at a JSON pointer, or its nearest parent, was written. `undefined` before parameters are known. */
  readonly locate: ResolvedParameters["locate"] | undefined;
  /** Where a script called; `undefined` for what no script started. */
  readonly callSite: (() => SourceLocation | undefined) | undefined;
}

/**
 * The same error, its faults of the input (exit code 20) with the place that a user has to look at: that of the parameter which the
 * fault names, else that of the step.
 */
export function placeFaults(error: unknown, places: FaultPlaces): unknown {
  if (isFaultList(error)) return new FaultList(error.faults.map((one) => placed(one, places)));
  return isDatapyError(error) ? placed(error, places) : error;
}

function placed(error: DatapyError, { locate, callSite }: FaultPlaces): DatapyError {
  if (error.exitCode !== 20 || (error.location !== undefined && error.location.file !== CALL_IN_SCRIPT)) return error;
  const written = error.location ?? locate?.(pointerOf(error.parameter), error.position);
  const location = written === undefined || written.file === CALL_IN_SCRIPT ? (callSite?.() ?? written) : written;
  if (location === error.location || location === undefined) return error;
  return restate(error, { location });
}

function pointerOf(parameter: DatapyError["parameter"]): string {
  if (parameter === undefined) return "";
  const way = typeof parameter === "string" ? [parameter] : parameter;
  return way.reduce<string>((pointer, step) => pointerTo(pointer, String(step)), "");
}
