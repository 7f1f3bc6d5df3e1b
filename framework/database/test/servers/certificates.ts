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
  /** Made out to `localhost` alone. */
  readonly server: string;
  readonly serverKey: string;
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
  openssl("req", ...NEW_KEY, "-keyout", at("server.key"), "-out", at("server.csr"), "-subj", "/CN=localhost");
  writeFileSync(at("names.cnf"), "subjectAltName=DNS:localhost\n");
  const signing = ["-CA", at("authority.pem"), "-CAkey", at("authority.key"), "-CAcreateserial", "-days", "2"];
  const files = ["-in", at("server.csr"), "-out", at("server.pem"), "-extfile", at("names.cnf")];
  openssl("x509", "-req", ...files, ...signing);
  chmodSync(at("server.key"), 0o600);
  if (user !== undefined) for (const name of ["server.key", "server.pem"]) chownSync(at(name), user.uid, user.gid);
  return {
    folder,
    authority: at("authority.pem"),
    stranger: at("stranger.pem"),
    server: at("server.pem"),
    serverKey: at("server.key"),
  };
}
