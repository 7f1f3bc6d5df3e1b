import { Type } from "./typebox.js";
import type { Static } from "@sinclair/typebox";

const SEMVER = "^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$";

/** Where a mod stands in a pipeline: it brings data in, changes it, takes it out, or stands alone. */
export type ModCategory = "source" | "transformer" | "sink" | "solo";

/**
 * The metadata that every mod carries. `name`, `version` (semver) and `description` are required: a mod that lacks one is refused
 * when it is loaded, by name.
 */
export const MetadataSchema = Type.Object(
  {
    name: Type.String({
      pattern: "^[a-z][a-z0-9]*([-_][a-z0-9]+)*$",
      description: "Name, as in `datapy run-mod NAME`",
    }),
    version: Type.String({ pattern: SEMVER, description: "Version of the mod (semver)" }),
    description: Type.String({ minLength: 1, description: "What the mod does, in one sentence" }),
    author: Type.Optional(Type.String({ description: "Who answers for the mod" })),
    tags: Type.Optional(Type.Array(Type.String(), { description: "Words to find the mod by" })),
    category: Type.Optional(
      Type.Union([Type.Literal("source"), Type.Literal("transformer"), Type.Literal("sink"), Type.Literal("solo")], {
        description: "Place in a pipeline; default `solo`",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Metadata of a mod; see {@link MetadataSchema}. */
export type ModMetadata = Static<typeof MetadataSchema>;
