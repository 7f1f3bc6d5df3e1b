import { createHash } from "node:crypto";

/** Id of an artifact: 12 hexadecimal digits, made from the run and the key under which it made the artifact. */
export function artifactId(sessionId: string, runId: string, key: string): string {
  return createHash("sha256").update(`${sessionId}/${runId}/${key}`).digest("hex").slice(0, 12);
}
