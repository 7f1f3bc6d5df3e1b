import { X509Certificate, createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { ServerTarget } from "./connection-target.js";
import { databaseFault } from "./database-errors.js";

/**
 * TLS options of Node for a target; `undefined` when TLS is off. Reads the PEM files and looks at what is in them: drivers find out within
 * an event of the socket, where nobody could catch it.
 * @throws DatapyError `DATABASE_TLS`
 */
export function tlsOptions(target: ServerTarget, database: string): ConnectionOptions | undefined {
  const { mode, caFile, certificateFile, keyFile } = target.tls;
  if (mode === "disable" || target.socketPath !== undefined) return undefined;
  const fault = (reason: string, cause?: unknown): Error =>
    databaseFault("DATABASE_TLS", { database, reason }, cause === undefined ? {} : { cause });
  const read = <Parsed>(file: string, what: string, parse: (text: string) => Parsed): readonly [string, Parsed] => {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (cause) {
      throw fault(`${file} cannot be read: ${(cause as Error).message}`, cause);
    }
    try {
      return [text, parse(text)];
    } catch (cause) {
      throw fault(`${file} holds no ${what} in PEM form: ${(cause as Error).message}`, cause);
    }
  };
  const certificateOf = (text: string): X509Certificate => new X509Certificate(text);
  const keyOf = (text: string): KeyObject => createPrivateKey(text);

  const authority = caFile === undefined ? undefined : read(caFile, "certificate", certificateOf);
  const certificate = certificateFile === undefined ? undefined : read(certificateFile, "certificate", certificateOf);
  const key = keyFile === undefined ? undefined : read(keyFile, "private key without a passphrase", keyOf);
  if (certificate !== undefined && key !== undefined && !certificate[1].checkPrivateKey(key[1]))
    throw fault(`${keyFile ?? ""} is not the key of the certificate in ${certificateFile ?? ""}`);
  return {
    rejectUnauthorized: mode === "verify-ca" || mode === "verify-full",
    ...(authority === undefined ? {} : { ca: authority[0] }),
    ...(certificate === undefined ? {} : { cert: certificate[0] }),
    ...(key === undefined ? {} : { key: key[0] }),
    ...(mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
  };
}
