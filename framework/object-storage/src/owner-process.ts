import { readFileSync } from "node:fs";
import os from "node:os";

/** The process that has begun something which others may have to finish. */
export interface OwnerProcess {
  readonly host: string;
  readonly pid: number;
}

/** Clock ticks a second in `/proc`; a constant of the Linux ABI. */
const TICKS = 100;
const TOLERANCE_MS = 2_000;

/** This process. */
export function ownProcess(): OwnerProcess {
  return { host: os.hostname(), pid: process.pid };
}

/**
 * Whether the process that wrote something at `writtenAt` (milliseconds since 1970) has gone. A process of that number that was started
 * later is another one. Of other hosts nothing is known: what they wrote counts as left behind after `silence` milliseconds.
 */
export function isGone(owner: OwnerProcess, writtenAt: number, silence: number): boolean {
  if (owner.host !== os.hostname()) return Date.now() - writtenAt > silence;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return (error as NodeJS.ErrnoException).code !== "EPERM";
  }
  const started = startOf(owner.pid);
  return started !== undefined && started > writtenAt + TOLERANCE_MS;
}

/** When a process was started; known on Linux only. */
function startOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    // Fields are counted from behind the command, which may hold spaces and brackets: the start is the 22nd of all.
    const ticks = Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[19]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    return Number.isFinite(ticks) && Number.isFinite(boot) ? boot * 1_000 + (ticks / TICKS) * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
