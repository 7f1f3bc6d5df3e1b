import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import path from "node:path";
import { modEntry } from "./bench.js";
import type { Bench } from "./bench.js";

/** A mod in a process of its own, to be killed. */
export interface ModProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly output: string;
  }>;
}

/** Starts one. `shell` is a command line before the program's own, such as a limit. */
export function startMod(
  bench: Bench,
  mod: string,
  params: Readonly<Record<string, unknown>>,
  shell?: string,
): ModProcess {
  const program = [process.execPath, path.join(__dirname, "run-mod.mjs"), modEntry(mod), bench.work];
  const [command, args] =
    shell === undefined
      ? [program[0] as string, program.slice(1)]
      : ["bash", ["-c", `${shell}; exec "$@"`, "bash", ...program]];
  const child = spawn(command, args, {
    cwd: bench.folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", MOD_PARAMS: JSON.stringify(params) },
  });
  const ended = new Promise<Awaited<ModProcess["ended"]>>((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, output }));
  });
  return { child, ended };
}
