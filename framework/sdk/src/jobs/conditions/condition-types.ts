import type { Reference } from "../../config/references.js";

/** Status that a condition can ask a step for. */
export type StatusQuestion = "succeeded" | "failed" | "skipped";

/** A condition, understood. */
export type Condition =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "reference"; readonly reference: Reference; readonly raw: string; readonly index: number }
  /** Without a step: of all that the step needs. */
  | { readonly kind: "status"; readonly question: StatusQuestion; readonly step: string | undefined }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "compare"; readonly operator: Comparison; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "in"; readonly item: Condition; readonly list: readonly Condition[] | Condition };

/** Operators that compare two values. */
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";
