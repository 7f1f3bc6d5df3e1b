import { DatapyError } from "@datapy/mod-kit";
import type { DatapyErrorInput } from "@datapy/mod-kit";

const CODES = {
  QUALITY_BAD_PARAMETERS: "Correct the parameter.",
  QUALITY_BAD_INPUT: "Check the file, or read it with a mod made for its format first.",
  QUALITY_BAD_EXPECTATION: "Correct the expectation.",
  QUALITY_FAILED: "Look at the report. Correct the data, or change the expectation or its severity.",
} as const;

/** Code of an error of this mod. All of them say that the input or a parameter is wrong (exit code 20). */
export type QualityErrorCode = keyof typeof CODES;

/** Makes an error of this mod. */
export function qualityError(
  code: QualityErrorCode,
  message: string,
  details: Pick<DatapyErrorInput, "hint" | "cause" | "parameter"> = {},
): DatapyError {
  return new DatapyError({ code, exitCode: 20, message, hint: CODES[code], ...details });
}
