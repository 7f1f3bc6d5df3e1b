import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";

/** Share of the memory that an isolated step may use which JavaScript's heap gets at most. */
const HEAP_SHARE = 0.9;
/** Least heap that a runner starts with, in MiB. */
const LEAST_HEAP_MB = 32;

/**
 * Starts a runner process that will run one task of a job. It stays in the group of this process, so that whoever ends the group ends it
 * too; what it prints goes to our stderr.
 */
export function startTaskProcess(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly memoryLimitBytes: number | null;
}): ChildProcess {
  const { env, memoryLimitBytes } = options;
  const heapMb =
    memoryLimitBytes === null
      ? undefined
      : Math.max(LEAST_HEAP_MB, Math.floor((memoryLimitBytes / 1024 / 1024) * HEAP_SHARE));
  const ownArguments = process.execArgv.filter(
    (one) => !one.startsWith("--max-old-space-size") && !one.startsWith("--inspect"),
  );
  const heap = heapMb === undefined ? [] : [`--max-old-space-size=${String(heapMb)}`];
  return spawn(process.execPath, [...ownArguments, ...heap, path.join(__dirname, "runner-process.js")], {
    stdio: ["ignore", 2, 2, "ipc"],
    windowsHide: true,
    env: { ...env, UV_THREADPOOL_SIZE: env["UV_THREADPOOL_SIZE"] ?? "16" },
  });
}
