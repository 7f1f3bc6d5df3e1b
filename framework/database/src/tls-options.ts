import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { ServerTarget } from "./connection-target.js";
import { databaseFault } from "./database-errors.js";

/** TLS options of Node for a target; `undefined` when TLS is off. Reads the PEM files. */
export function tlsOptions(target: ServerTarget, database: string): ConnectionOptions | undefined {
  const { mode, caFile, certificateFile, keyFile } = target.tls;
  if (mode === "disable" || target.socketPath !== undefined) return undefined;
  const read = (file: string): string => {
    try {
      return readFileSync(file, "utf8");
    } catch (cause) {
      throw databaseFault(
        "DATABASE_TLS",
        { database, reason: `${file} cannot be read: ${(cause as Error).message}` },
        { cause },
      );
    }
  };
  return {
    rejectUnauthorized: mode === "verify-ca" || mode === "verify-full",
    ...(caFile === undefined ? {} : { ca: read(caFile) }),
    ...(certificateFile === undefined ? {} : { cert: read(certificateFile) }),
    ...(keyFile === undefined ? {} : { key: read(keyFile) }),
    ...(mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
  };
}
