import { Path, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";
import { storageParameters } from "@datapy/object-storage";
import { Rule } from "./rules.js";

/** Parameters of the file validator. */
export const ValidatorParameters = Type.Object({
  input_path: Type.Union([Path({ target: "any" }), Type.Array(Path({ target: "any" }), { minItems: 1 })], {
    description:
      "File, folder, pattern (`*`, `?`, `[a-z]`, `{a,b}`, `**`), the same in a store (`s3://bucket/folder/*.csv`), or a list of these",
  }),
  rules: Type.Array(Rule, { minItems: 1, description: "What has to be so. Every rule looks at every file" }),
  format: Type.Unsafe<"auto" | "csv" | "parquet" | "json">(
    Type.Union(
      ["auto", "csv", "parquet", "json"].map((value) => Type.Literal(value)),
      { default: "auto", description: "What rules of rows and columns take the files for. `auto`: by their ending" },
    ),
  ),
  delimiter: Type.String({
    default: "auto",
    minLength: 1,
    maxLength: 4,
    description: "What separates the values of CSV; `tab` for a tab. `auto`: a tab for `.tsv` and `.tab`, else a comma",
  }),
  quote: Type.String({ default: '"', maxLength: 1, description: "Character round values of CSV; empty for none" }),
  escape: Type.String({ default: '"', maxLength: 1, description: "Character before a quote inside a quoted value" }),
  header: Type.Boolean({ default: true, description: "The first row of CSV holds the names of the columns" }),
  encoding: Type.String({ default: "utf-8", minLength: 1, description: "Encoding of texts" }),
  ...storageParameters,
});

/** What the mod receives. */
export type ValidatorParams = Static<typeof ValidatorParameters>;
