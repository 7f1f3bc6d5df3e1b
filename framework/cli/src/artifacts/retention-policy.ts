import path from "node:path";
import type { RetentionPolicy } from "@datapy/sdk/artifacts";
import { fault } from "@datapy/sdk/errors";

/** Limits for `datapy artifacts prune`: those of the command line; where it gives none, the project's. */
export async function retentionPolicy(flags: {
  readonly "older-than"?: string | undefined;
  readonly "max-size"?: string | undefined;
  readonly "work-path"?: string | undefined;
}): Promise<{ readonly policy: RetentionPolicy; readonly workPath: string }> {
  const { "older-than": olderThan, "max-size": maxSize, "work-path": given } = flags;
  const { loadConfiguration } = await import("@datapy/sdk/configuration");
  const { parseSince } = await import("@datapy/sdk/ledger");
  const { parseByteSize } = await import("@datapy/sdk/quantity");
  const now = new Date();
  const maxBytes = maxSize === undefined ? undefined : parseByteSize(/^\d+$/.test(maxSize) ? Number(maxSize) : maxSize);
  if (maxSize !== undefined && maxBytes === undefined)
    throw fault("DATAPY_CLI_BAD_FLAG", {
      detail: `--max-size ${JSON.stringify(maxSize)} is no size such as 500 MB or 20 GiB`,
    });
  const own = olderThan !== undefined || maxBytes !== undefined;
  if (own && given !== undefined)
    return {
      policy: { before: olderThan === undefined ? undefined : parseSince(olderThan, now), maxBytes },
      workPath: path.resolve(given),
    };
  const configuration = await loadConfiguration({ cwd: process.cwd(), env: process.env });
  const workPath = given === undefined ? configuration.workPath : path.resolve(given);
  if (own)
    return { policy: { before: olderThan === undefined ? undefined : parseSince(olderThan, now), maxBytes }, workPath };
  const { olderThanMs, maxBytes: most } = configuration.artifactRetention;
  return {
    policy: { before: olderThanMs === undefined ? undefined : new Date(now.getTime() - olderThanMs), maxBytes: most },
    workPath,
  };
}
