import type { ModContext } from "@datapy/mod-kit";

/** What the validator makes. */
export const artifacts = {
  report: { kind: "file", description: "JSON: every file, every rule, what was found" },
} as const;

/** Context of the validator. */
export type ValidatorContext = ModContext<typeof artifacts>;
