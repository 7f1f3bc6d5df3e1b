import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** The process that recorded a run. */
export interface RunOwner {
  readonly host: string;
  readonly pid: number;
}

/** A run on another host that has written nothing for so long is taken for lost. */
const SILENCE_OF_OTHER_HOSTS = 7 * 86_400_000;
/** Clock ticks a second in `/proc`; a constant of the Linux ABI. */
const TICKS = 100;
/** Start times from `/proc` are this exact. */
const TOLERANCE = 2_000;

/**
 * Whether the process that wrote a ledger file, last at `lastWrite`, has gone. A process of that number that started after the last
 * write is another one.
 */
export function isProcessGone(owner: RunOwner | undefined, lastWrite: Date): boolean {
  if (owner?.host !== hostname()) return Date.now() - lastWrite.getTime() > SILENCE_OF_OTHER_HOSTS;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return true;
  }
  const startedAt = startOfProcess(owner.pid);
  return startedAt !== undefined && startedAt > lastWrite.getTime() + TOLERANCE;
}

/** When a process started, in milliseconds since 1970; known on Linux only. */
function startOfProcess(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields are counted from behind the command, which may hold spaces and brackets: start time is the 22nd of all.
    const ticks = Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[19]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    return Number.isFinite(ticks) && Number.isFinite(boot) ? boot * 1_000 + (ticks / TICKS) * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
