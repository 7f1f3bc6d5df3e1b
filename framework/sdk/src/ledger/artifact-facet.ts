import { artifactId } from "../artifacts/artifact-id.js";
import type { RecordedArtifact } from "../artifacts/artifact-folder.js";
import { producer } from "./openlineage-facets.js";
import type { Facet } from "./openlineage-types.js";

/** Schema of the facet `datapy` of a dataset that is an artifact. */
export const ARTIFACT_FACET_URL = "https://datapy.dev/schemas/artifact-facet.schema.json";

/** What the ledger says of an artifact beyond OpenLineage's own facets. */
export interface ArtifactFacet {
  /** 12 hexadecimal digits. */
  readonly id: string;
  readonly key: string;
  readonly kind: "table" | "file";
  /** `sha256:<64 hex>` of the file. */
  readonly checksum?: string;
}

/** Facet `datapy` of an artifact's dataset. */
export function artifactFacet(sessionId: string, runId: string, artifact: RecordedArtifact): Facet {
  const { key, kind, checksum } = artifact;
  const content: ArtifactFacet = {
    id: artifactId(sessionId, runId, key),
    key,
    kind,
    ...(checksum === undefined ? {} : { checksum: `sha256:${checksum}` }),
  };
  return { _producer: producer(), _schemaURL: ARTIFACT_FACET_URL, ...content };
}

/** JSON Schema of the facet. */
export const ARTIFACT_FACET_SCHEMA = {
  $id: ARTIFACT_FACET_URL,
  title: "DataPy artifact facet",
  type: "object",
  properties: {
    _producer: { type: "string", format: "uri" },
    _schemaURL: { type: "string", format: "uri" },
    id: { type: "string", pattern: "^[0-9a-f]{12}$", description: "Id of the artifact" },
    key: { type: "string", description: "Key under which the mod made it" },
    kind: { enum: ["table", "file"] },
    checksum: { type: "string", pattern: "^sha256:[0-9a-f]{64}$", description: "Of the file" },
  },
  required: ["_producer", "_schemaURL", "id", "key", "kind"],
  additionalProperties: false,
} as const;
