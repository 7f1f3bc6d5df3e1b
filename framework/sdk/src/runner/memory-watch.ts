import { Worker } from "node:worker_threads";

/**
 * Ends this process when it uses more memory than it may, JavaScript's and everything native in it together. From a thread of its own: a
 * mod that blocks the event loop is ended too. `marker` is a file that says why, for who asks afterwards.
 */
export function startMemoryWatch(limitBytes: number, marker: string): void {
  const worker = new Worker(WATCH, {
    eval: true,
    stdin: false,
    env: {},
    execArgv: [],
    workerData: { limitBytes, marker },
  });
  worker.unref();
  worker.on("error", () => undefined);
}

// Text and not a file: see parent-watch.ts.
const WATCH = `
const { writeFileSync } = require("node:fs");
const { workerData } = require("node:worker_threads");
setInterval(() => {
  if (process.memoryUsage.rss() <= workerData.limitBytes) return;
  try { writeFileSync(workerData.marker, "memory"); } catch {}
  process.kill(process.pid, "SIGKILL");
}, 25);
`;
