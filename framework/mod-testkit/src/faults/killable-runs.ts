import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { Envelope } from "@datapy/mod-kit";
import type { FaultAdapter, Job } from "./fault-adapter.js";

/** The moment at which a run's process ends: the `nth` of a name, from 1. */
export interface Kill {
  readonly name: string;
  readonly nth: number;
}

/** A job with everything that its process needs. A plain JSON value. */
export interface ChildJob extends Job {
  readonly runSuffix: string;
  readonly workPath: string;
  readonly cwd: string;
  readonly plan: { readonly record?: string; readonly kill?: Kill };
}

/** How a run's process ended. */
export interface Ended {
  readonly killed: boolean;
  /** `undefined` when it was killed, or printed none. */
  readonly envelope: Envelope | undefined;
  readonly output: string;
}

/** Runs in processes of their own, which can be ended at any moment. */
export interface KillableRuns {
  /** Runs a job; gives the moments that it came by too. */
  record(job: Omit<ChildJob, "plan">): Promise<Ended & { readonly moments: readonly string[] }>;
  /** Runs a job until a moment. */
  kill(job: Omit<ChildJob, "plan">, kill: Kill): Promise<Ended>;
  close(): void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Makes them. One process is always ready, so that a suite does not wait for node and the mod's host to start. */
export function killableRuns({ preload, env }: FaultAdapter, folder: string): KillableRuns {
  let spare: Child | undefined;
  const start = (): Child => {
    const imports = preload === undefined ? [] : ["--import", pathToFileURL(preload).href];
    return spawn(process.execPath, [...imports, path.join(__dirname, "run-child.js")], {
      cwd: folder,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "", ...env },
    });
  };
  const run = async (job: ChildJob): Promise<Ended> => {
    const child = spare ?? start();
    spare = start();
    return finish(child, job);
  };
  return {
    async record(job) {
      const record = path.join(folder, "moments");
      rmSync(record, { force: true });
      const ended = await run({ ...job, plan: { record } });
      return { ...ended, moments: readFileSync(record, "utf8").trim().split("\n") };
    },
    kill: (job, kill) => run({ ...job, plan: { kill } }),
    close: () => {
      spare?.stdin.end();
      spare?.kill("SIGKILL");
    },
  };
}

async function finish(child: Child, job: ChildJob): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const closed = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (_code, signal) => resolve(signal));
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify(job));
  const signal = await closed;
  const line = stdout.trim().split("\n").at(-1);
  const envelope = signal !== null || line === undefined || line === "" ? undefined : (JSON.parse(line) as Envelope);
  return { killed: signal === "SIGKILL", envelope, output: stdout + stderr };
}

/**
 * Which moments to end a run at: the first of every name, then the last and the middle one of those that come often, up to `most`.
 */
export function chooseKills(moments: readonly string[], most: number): Kill[] {
  const counts = new Map<string, number>();
  for (const name of moments) counts.set(name, (counts.get(name) ?? 0) + 1);
  const all = [...counts];
  const chosen = [
    ...all.map(([name]) => ({ name, nth: 1 })),
    ...all.filter(([, count]) => count > 1).map(([name, count]) => ({ name, nth: count })),
    ...all.filter(([, count]) => count > 2).map(([name, count]) => ({ name, nth: Math.ceil((count + 1) / 2) })),
  ];
  return chosen.slice(0, most);
}
