import type { DatapyError } from "@datapy/mod-kit";
import { parseByteSize, parseDuration } from "../contract/parse-quantity.js";
import { fault } from "../errors.js";
import { kindOf } from "./config-sources.js";
import type { ArtifactRetention } from "./configuration-types.js";
import type { TracedObject, TracedValue } from "./traced-value.js";

/** How long artifacts are kept, as the project's `retention: { artifacts: { older_than: 30d, max_size: 20 GiB } }` has it. */
export function artifactRetention(project: TracedObject | undefined, faults: DatapyError[]): ArtifactRetention {
  const artifacts = entryOf(entryOf(project, "retention"), "artifacts");
  const read = (key: string, parse: (value: unknown) => number | undefined, expected: string): number | undefined => {
    const node = entryOf(artifacts, key);
    if (node === undefined || (node.kind === "scalar" && node.value === null)) return undefined;
    const value = node.kind === "scalar" ? parse(node.value) : undefined;
    if (value === undefined) {
      const given = node.kind === "scalar" ? JSON.stringify(node.value) : kindOf(node);
      const details = { what: `retention.artifacts.${key}`, expected, given };
      faults.push(fault("DATAPY_CONFIG_SHAPE", details, { location: node.location }));
    }
    return value;
  };
  const olderThanMs = read("older_than", parseDuration, "an age such as 30d or 12h");
  const maxBytes = read("max_size", parseByteSize, "a size such as 500 MB or 20 GiB");
  return {
    ...(olderThanMs === undefined ? {} : { olderThanMs }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  };
}

function entryOf(node: TracedValue | undefined, key: string): TracedValue | undefined {
  return node?.kind === "object" ? node.entries.get(key) : undefined;
}
