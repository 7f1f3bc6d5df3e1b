import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** A database server that a test has started. */
export interface RunningServer {
  readonly port: number;
  readonly folder: string;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
  /** Ends it without a farewell, as a crash would; its files stay. */
  crash(): Promise<void>;
}

/** The user that a server runs as: database servers refuse to run as root. `undefined` where this process is no root. */
export function serverUser(...names: readonly string[]): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of [...names, "nobody"]) {
    const uid = Number(spawnSync("id", ["-u", name]).stdout.toString().trim());
    const gid = Number(spawnSync("id", ["-g", name]).stdout.toString().trim());
    if (Number.isInteger(uid) && uid > 0) return { uid, gid };
  }
  return { uid: 65_534, gid: 65_534 };
}

/** A folder in which the server's user may write. */
export function serverFolder(prefix: string, user: { readonly uid: number; readonly gid: number } | undefined): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), prefix));
  chmodSync(folder, 0o755);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** Ends a process and waits until it is gone. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(timer);
}

/** Starts a server and waits until `ready` is so. */
export async function startServer(
  command: string,
  args: readonly string[],
  options: {
    readonly user: { readonly uid: number; readonly gid: number } | undefined;
    readonly folder: string;
    readonly ready: () => Promise<boolean>;
    readonly env?: NodeJS.ProcessEnv;
  },
): Promise<ChildProcess> {
  const child = spawn(command, args, {
    cwd: options.folder,
    stdio: ["ignore", "ignore", "pipe"],
    ...options.user,
    env: { ...process.env, ...options.env },
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`${command} ended at once: ${errors}`);
    if (await options.ready()) return child;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill("SIGKILL");
  throw new Error(`${command} did not come up: ${errors}`);
}

/** Removes a folder, whoever owns it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
