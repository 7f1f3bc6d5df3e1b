import type { ErrorEnvelope, SuccessEnvelope } from "@datapy/mod-kit";
import type { StepSummary } from "@datapy/sdk";

/** An envelope of a job, whatever its status. */
export type AnyEnvelope = Omit<SuccessEnvelope, "status" | "errors"> &
  Omit<ErrorEnvelope, "status"> & { readonly status: string; readonly steps: readonly StepSummary[] };
