import { SEMANTIC_KEYWORD } from "@datapy/mod-kit";
import type { ParameterSemantics } from "@datapy/mod-kit";
import type { JsonSchema } from "../config/schema-properties.js";
import { isSchema } from "./schema-walk.js";

const KINDS: readonly string[] = [
  "path",
  "artifact",
  "secret",
  "duration",
  "byte_size",
] satisfies ParameterSemantics["kind"][];

/** What mod-kit's helpers say of this very schema (not of the branches of a union). A kind that a later mod-kit may bring is passed over. */
export function semanticsOfSchema(schema: JsonSchema): ParameterSemantics | undefined {
  const meaning = schema[SEMANTIC_KEYWORD];
  return isSchema(meaning) && KINDS.includes(String(meaning["kind"])) ? (meaning as ParameterSemantics) : undefined;
}
