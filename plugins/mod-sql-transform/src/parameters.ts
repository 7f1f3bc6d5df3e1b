import { Artifact, Path, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);
const Value = Type.Union([...Scalar.anyOf, Type.Array(Scalar)]);

/** Parameters of `sql-transform`. */
export const parameters = Type.Object({
  input_artifacts: Type.Optional(
    Type.Record(Type.String({ minLength: 1 }), Artifact(), {
      description: "Tables, by the name that the query gives them",
      examples: [{ orders: "${mods.orders.artifacts.output_data}" }],
    }),
  ),
  input_artifact: Type.Optional(Artifact({ description: "One table, which the query calls `input`" })),
  query: Type.Optional(
    Type.String({
      minLength: 1,
      description: "One SELECT in DuckDB's SQL over these tables",
      examples: ["select * from input"],
    }),
  ),
  query_path: Type.Optional(Path({ description: "File that holds the query, instead of `query`" })),
  parameters: Type.Optional(
    Type.Union([Type.Record(Type.String(), Value), Type.Array(Value)], {
      description:
        "Values of `$name`, by name, or of `?` and `$1`, `$2`, … in order; bound, never spliced into the text",
    }),
  ),
  on_empty: Type.Union([Type.Literal("ok"), Type.Literal("warn"), Type.Literal("fail")], {
    default: "ok",
    description: "What happens when the result has no rows",
  }),
});

/** Parameters as the mod receives them. */
export type SqlTransformParameters = Static<typeof parameters>;
