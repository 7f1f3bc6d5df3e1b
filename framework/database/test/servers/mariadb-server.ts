import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import mysql from "mysql2/promise";
import { freePort } from "./free-port.js";
import { endProcess, removeFolder, serverFolder, serverUser, startServer } from "./server-process.js";
import type { RunningServer } from "./server-process.js";

/** A MariaDB server of this machine. User `datapy`, password `secret word`, database `test`. */
export interface MariadbServer extends RunningServer {
  readonly connectionString: string;
  /** File of its Unix socket. */
  readonly socketPath: string;
}

const PASSWORD = "secret word";

/** Whether the machine has the server's programs. */
export function mariadbIsInstalled(): boolean {
  return (
    spawnSync("mariadbd", ["--version"]).status === 0 && spawnSync("mariadb-install-db", ["--help"]).status !== null
  );
}

/** Starts a server on a folder and a port of its own, with further settings as its command line has them. */
export async function startMariadb(settings: readonly string[] = []): Promise<MariadbServer> {
  const user = serverUser("mysql");
  const folder = serverFolder("datapy-mariadb-", user);
  const data = path.join(folder, "data");
  execFileSync(
    "mariadb-install-db",
    ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db"],
    {
      cwd: folder,
      stdio: "pipe",
      ...user,
    },
  );
  const port = await freePort();
  const socket = path.join(folder, "s.sock");
  const child = await startServer(
    "mariadbd",
    [
      "--no-defaults",
      `--datadir=${data}`,
      `--port=${String(port)}`,
      "--bind-address=127.0.0.1",
      `--socket=${socket}`,
      `--pid-file=${path.join(folder, "pid")}`,
      "--innodb-flush-log-at-trx-commit=0",
      ...settings,
    ],
    {
      user,
      folder,
      ready: async () => {
        try {
          const connection = await mysql.createConnection({
            socketPath: socket,
            user: "root",
            multipleStatements: true,
          });
          await connection.query(
            `create database if not exists test; create user if not exists datapy@'127.0.0.1' identified by '${PASSWORD}'; grant all on *.* to datapy@'127.0.0.1'`,
          );
          await connection.end();
          return true;
        } catch {
          return false;
        }
      },
    },
  );
  return {
    port,
    folder,
    socketPath: socket,
    connectionString: `mariadb://datapy:${encodeURIComponent(PASSWORD)}@127.0.0.1:${String(port)}/test`,
    crash: () => endProcess(child, "SIGKILL"),
    stop: async () => {
      await endProcess(child, "SIGTERM");
      removeFolder(folder);
    },
  };
}
