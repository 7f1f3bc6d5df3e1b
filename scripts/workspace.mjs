// What the other scripts need of the checkout: its root, its packages, and a way to run commands in it on every system.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** An error whose message says all; it is shown without a stack trace. */
export class ScriptError extends Error {}

/** A command failed; its output has told why. */
export class CommandFailed extends ScriptError {
  constructor(command, status) {
    super(`${command} failed (${status})`);
    this.status = status;
  }
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** The packages of the repository, `{ name, group, folder, manifest }`, sorted by folder. */
export function packages() {
  const found = [];
  for (const group of ["framework", "plugins"]) {
    for (const name of readdirSync(path.join(root, group)).sort()) {
      const folder = path.join(root, group, name);
      if (!existsSync(path.join(folder, "package.json"))) continue;
      found.push({ name, group, folder, manifest: readJson(path.join(folder, "package.json")) });
    }
  }
  return found;
}

// npm is a JavaScript file beside node: started by its path where it is known, it needs no shell, and no `.cmd` on Windows.
function resolveCommand(command, args) {
  const npm = process.env.npm_execpath;
  if (command === "node") return [process.execPath, args, false];
  if (command === "npm" && npm !== undefined && /npm-cli\.[cm]?js$/.test(npm))
    return [process.execPath, [npm, ...args], false];
  return [command, args, process.platform === "win32"];
}

/** Runs a command and waits. What it prints goes to stderr, so that a script's stdout stays its own. Throws `CommandFailed`. */
export function run(command, args, { cwd = root, env = process.env, stdio = ["ignore", 2, 2] } = {}) {
  const [file, all, shell] = resolveCommand(command, args);
  const done = spawnSync(file, all, { cwd, env, stdio, shell });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new CommandFailed([command, ...args].join(" "), done.status ?? done.signal);
}

/** Runs a command and gives `{ status, stdout, stderr }`; never throws for a status. */
export function capture(command, args, { cwd = root, env = process.env } = {}) {
  const [file, all, shell] = resolveCommand(command, args);
  return new Promise((resolve, reject) => {
    const child = spawn(file, all, { cwd, env, shell, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ status: status ?? signal, stdout, stderr }));
  });
}

/** Runs a script's main function; an error ends it with status 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
