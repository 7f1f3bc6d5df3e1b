import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fault } from "@datapy/sdk/errors";
import { onCancel } from "./cancellation.js";

/** How a child process is run. */
export interface ChildOptions {
  readonly cwd: string;
  /** `capture`: its standard output is returned; `stderr`: shown on our standard error, as its own standard error always is. */
  readonly stdout: "capture" | "stderr";
  /** What its output on our standard error goes through first. Default nothing: it then writes there itself, and sees a terminal. */
  readonly filter?: (text: string) => string;
  readonly env?: NodeJS.ProcessEnv;
  /** Time after which the group is killed, in milliseconds. Default none. */
  readonly timeoutMs?: number;
  /** Sent to the process when it has started. */
  readonly message?: object;
}

/** How a child process ended. */
export interface ChildOutcome {
  readonly code: number | null;
  readonly stdout: string;
  /** The last message that it sent, where it is one of ours. */
  readonly message: unknown;
}

/** How long a canceled child may take to end, in milliseconds. */
const GRACE_MS = 3_000;

/**
 * Runs a Node script in a process group of its own and waits until it has ended. When this process is asked to end meanwhile, the
 * group is ended first; then `DATAPY_CANCELED` is thrown.
 */
export async function runNodeScript(
  script: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<ChildOutcome> {
  const { filter } = options;
  const shown = filter === undefined ? 2 : "pipe";
  const child = spawn(process.execPath, [script, ...args], {
    cwd: options.cwd,
    detached: process.platform !== "win32",
    windowsHide: true,
    stdio: ["ignore", options.stdout === "capture" ? "pipe" : shown, shown, "ipc"],
    env: { ...process.env, GIT_TERMINAL_PROMPT: "0", ...options.env },
  });
  let canceled: string | undefined;
  const stopListening = onCancel((signal) => {
    canceled ??= signal;
    endGroup(child, "SIGTERM");
    setTimeout(() => endGroup(child, "SIGKILL"), GRACE_MS).unref();
  });
  const limit =
    options.timeoutMs === undefined ? undefined : setTimeout(() => endGroup(child, "SIGKILL"), options.timeoutMs);
  const chunks: Buffer[] = [];
  let message: unknown;
  if (options.stdout === "capture") child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (filter !== undefined) {
    for (const stream of [options.stdout === "stderr" ? child.stdout : undefined, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => process.stderr.write(filter(text)));
    }
  }
  child.on("message", (sent) => (message = sent));
  // A process that could not be started says so below.
  if (options.message !== undefined) child.send(options.message, () => undefined);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (canceled !== undefined) throw fault("DATAPY_CANCELED", { cause: canceled });
    return { code, stdout: Buffer.concat(chunks).toString("utf8"), message };
  } finally {
    clearTimeout(limit);
    stopListening();
  }
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}
