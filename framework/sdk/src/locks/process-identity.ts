import { readFileSync, readlinkSync } from "node:fs";
import os from "node:os";

/** What tells a process from every other one, of this machine and of others, also after a restart. A JSON value. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, in the clock ticks of its system; `null` where that cannot be read without starting a program. */
  readonly start: string | null;
  /** Of the system's last start; `null` where it is not known. */
  readonly boot: string | null;
  /** Namespace that the number of the process counts in: containers of one machine have one each. */
  readonly space: string | null;
}

/** What can be said of whether a process still runs. */
export type ProcessState = "alive" | "gone" | "elsewhere";

/** The identity of a process of this machine. */
export function processIdentity(pid = process.pid): ProcessIdentity {
  return { host: os.hostname(), pid, start: startOf(pid), boot: bootId(), space: pidSpace() };
}

/** Whether the process of an identity runs. `elsewhere`: on another machine or in another container, where it cannot be seen from here. */
export function stateOf(identity: ProcessIdentity): ProcessState {
  const here = processIdentity();
  const isRebooted =
    identity.host === here.host && identity.boot !== null && here.boot !== null && identity.boot !== here.boot;
  if (isRebooted) return "gone";
  if (identity.host !== here.host || identity.space !== here.space) return "elsewhere";
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return "gone";
  }
  if (isZombie(identity.pid)) return "gone";
  // The number may have been given to another process since.
  const start = startOf(identity.pid);
  return identity.start !== null && start !== null && identity.start !== start ? "gone" : "alive";
}

/** In words, for messages. */
export function identityWords({ host, pid }: ProcessIdentity): string {
  return `process ${String(pid)} on ${host}`;
}

function statusFields(pid: number): readonly string[] | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const line = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    // The name of the program stands in brackets and may hold spaces; what follows begins with field 3.
    return line.slice(line.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function startOf(pid: number): string | null {
  return statusFields(pid)?.[19] ?? null;
}

/** Dead, and nobody has asked for its exit code yet. */
function isZombie(pid: number): boolean {
  return statusFields(pid)?.[0] === "Z";
}

function bootId(): string | null {
  if (process.platform !== "linux") return null;
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null;
  }
}

function pidSpace(): string | null {
  if (process.platform !== "linux") return null;
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return null;
  }
}
