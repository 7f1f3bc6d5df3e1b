import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { CommandResult } from "./run-command.js";
import { mustRun, runCommand } from "./run-command.js";

/** A user's machine with Node and npm and nothing else: own HOME, own npm prefix, own working directory, no inherited settings. */
export interface CleanMachine {
  readonly home: string;
  readonly work: string;
  /** Where the installed `datapy` keeps mods. */
  readonly dataDir: string;
  npm(args: readonly string[], cwd?: string): Promise<CommandResult>;
  /** Runs the installed `datapy`, whatever its exit code. */
  datapy(args: readonly string[], input?: string): Promise<CommandResult>;
  remove(): void;
}

/** Makes one whose npm uses the registry that `npmrc` names. */
export function createCleanMachine(npmrc: string): CleanMachine {
  const root = mkdtempSync(path.join(os.tmpdir(), "datapy clean machine "));
  const home = path.join(root, "home");
  const work = path.join(root, "work");
  const prefix = path.join(root, "prefix");
  for (const folder of [home, work, prefix]) mkdirSync(folder);
  writeFileSync(
    path.join(home, ".npmrc"),
    `${npmrc}prefix=${prefix}\nupdate-notifier=false\nfund=false\naudit=false\n`,
  );
  const windows = process.platform === "win32";
  const bin = windows ? prefix : path.join(prefix, "bin");
  // npm puts the commands of this repository in front; a user has none of them.
  const inherited = (process.env["PATH"] ?? "").split(path.delimiter).filter((one) => !one.includes("node_modules"));
  const env: Record<string, string> = {
    PATH: [bin, path.dirname(process.execPath), ...inherited].join(path.delimiter),
    HOME: home,
    TMPDIR: root,
    ...(windows
      ? {
          USERPROFILE: home,
          LOCALAPPDATA: path.join(home, "AppData", "Local"),
          APPDATA: path.join(home, "AppData", "Roaming"),
          TEMP: root,
          SystemRoot: process.env["SystemRoot"] ?? "",
          ComSpec: process.env["ComSpec"] ?? "",
        }
      : {}),
  };
  return {
    home,
    work,
    dataDir: windows ? path.join(home, "AppData", "Local", "datapy") : path.join(home, ".local", "share", "datapy"),
    npm: (args, cwd = work) => mustRun("npm", args, { cwd, env }),
    datapy: (args, input) => runCommand("datapy", args, { cwd: work, env, ...(input === undefined ? {} : { input }) }),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}
