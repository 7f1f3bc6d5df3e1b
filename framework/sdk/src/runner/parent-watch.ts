import { Worker } from "node:worker_threads";

/**
 * Watches the parent from a thread of its own, so that this process ends with it even while a mod blocks the event loop. The event
 * loop itself hears of the parent's end at once and gets a few seconds to end in good order.
 */
export function startParentWatch(): void {
  const worker = new Worker(WATCH, {
    eval: true,
    stdin: false,
    env: {},
    execArgv: [],
    workerData: { parent: process.ppid },
  });
  worker.unref();
  // A machine that has no thread to spare still runs mods.
  worker.on("error", () => undefined);
}

// Text and not a file: a thread that has to find and read a file starts later. On Windows a child keeps the number of a dead parent.
const WATCH = `
const { workerData } = require("node:worker_threads");
const alive = () => {
  if (process.platform !== "win32") return process.ppid === workerData.parent;
  try { process.kill(workerData.parent, 0); return true; } catch { return false; }
};
setInterval(() => {
  if (alive()) return;
  setTimeout(() => {
    try { process.kill(-process.pid, "SIGKILL"); } catch {}
    try { process.kill(process.pid, "SIGKILL"); } catch {}
  }, 3000);
}, 500);
`;
