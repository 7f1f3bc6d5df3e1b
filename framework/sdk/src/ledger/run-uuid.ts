import { createHash } from "node:crypto";

/**
 * The UUID by which OpenLineage knows a run: made from session and run id alone (RFC 9562, version 5), so every process of a
 * session gives a run the same one.
 */
export function runUuid(sessionId: string, runId: string): string {
  const namespace = Buffer.from(sessionId.replaceAll("-", ""), "hex");
  const bytes = createHash("sha1").update(namespace).update(runId, "utf8").digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
