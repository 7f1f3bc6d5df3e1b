import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, writeFileSync } from "node:fs";
import path from "node:path";
import { serverFolder } from "./server-process.js";

/** Certificates of a server that a test starts, each a PEM file. */
export interface Certificates {
  readonly folder: string;
  /** Of the authority that the server's certificate is signed by. */
  readonly authority: string;
  /** Of another one. */
  readonly stranger: string;
  /** Made out to `localhost` and to `::ffff:127.0.0.1`, and to nothing else. */
  readonly server: string;
  readonly serverKey: string;
  /** Made out to the user `certified`, by the authority. */
  readonly client: string;
  readonly clientKey: string;
  /** The same, by the other one. */
  readonly strangersClient: string;
  readonly strangersClientKey: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Makes them with openssl, for two days. Only the server's user can read the key, as servers ask for. */
export function makeCertificates(user: { readonly uid: number; readonly gid: number } | undefined): Certificates {
  const folder = serverFolder("datapy-tls-", user);
  const at = (name: string): string => path.join(folder, name);
  const openssl = (...args: readonly string[]): void => void execFileSync("openssl", args, { stdio: "pipe" });
  for (const name of ["authority", "stranger"]) {
    const files = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
    openssl("req", "-x509", ...NEW_KEY, ...files, "-days", "2", "-subj", `/CN=${name} of a test`);
  }
  const sign = (name: string, subject: string, authority: string, more: readonly string[] = []): void => {
    openssl("req", ...NEW_KEY, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`), "-subj", subject);
    const signing = ["-CA", at(`${authority}.pem`), "-CAkey", at(`${authority}.key`), "-CAcreateserial", "-days", "2"];
    openssl("x509", "-req", "-in", at(`${name}.csr`), "-out", at(`${name}.pem`), ...signing, ...more);
  };
  writeFileSync(at("names.cnf"), "subjectAltName=DNS:localhost,IP:::ffff:127.0.0.1\n");
  sign("server", "/CN=localhost", "authority", ["-extfile", at("names.cnf")]);
  sign("client", "/CN=certified", "authority");
  sign("strangers-client", "/CN=certified", "stranger");
  chmodSync(at("server.key"), 0o600);
  if (user !== undefined) for (const name of ["server.key", "server.pem"]) chownSync(at(name), user.uid, user.gid);
  return {
    folder,
    authority: at("authority.pem"),
    stranger: at("stranger.pem"),
    server: at("server.pem"),
    serverKey: at("server.key"),
    client: at("client.pem"),
    clientKey: at("client.key"),
    strangersClient: at("strangers-client.pem"),
    strangersClientKey: at("strangers-client.key"),
  };
}
