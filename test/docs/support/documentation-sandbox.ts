import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const root = path.resolve(__dirname, "../../..");

/** A copy of what a reader of a page has before him, in which the page's commands are run one after the other. */
export interface Sandbox {
  /** Runs a command as in a shell that stays open: `cd` holds for the next one. */
  run(command: string): { status: number; printed: string };
  write(file: string, text: string): void;
  remove(): void;
}

/**
 * Makes one. With `clone` the reader stands in a clone of the repository that has been installed and built; without it, in an empty
 * folder of his own, with `datapy` and the mods of this repository installed.
 */
export function createSandbox({ clone }: { readonly clone: boolean }): Sandbox {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-docs-")));
  const home = path.join(folder, "home");
  const work = path.join(folder, "work");
  const bin = path.join(folder, "bin");
  for (const one of [home, work, bin]) mkdirSync(one);
  symlinkSync(path.join(root, "node_modules"), path.join(work, "node_modules"), "junction");
  cpSync(path.join(root, "package.json"), path.join(work, "package.json"));
  if (clone) {
    const skip = (source: string): boolean => path.basename(source) !== ".datapy";
    cpSync(path.join(root, "projects"), path.join(work, "projects"), { recursive: true, filter: skip });
  }
  const cli = path.join(root, "framework/cli/bin/run.js");
  writeFileSync(path.join(bin, "datapy"), `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@"\n`, { mode: 0o755 });
  const env = {
    PATH: [bin, path.dirname(process.execPath), process.env["PATH"] ?? ""].join(path.delimiter),
    HOME: home,
    USERPROFILE: home,
    SystemRoot: process.env["SystemRoot"] ?? "",
    NO_COLOR: "1",
    npm_config_update_notifier: "false",
  };
  let cwd = clone ? work : path.join(work, "mine");
  mkdirSync(cwd, { recursive: true });
  let last = 0;
  return {
    run: (command) => {
      const folderChange = /^cd (\S+)$/.exec(command)?.[1];
      if (folderChange !== undefined) {
        cwd = realpathSync(path.resolve(cwd, folderChange));
        return { status: 0, printed: "" };
      }
      if (command === "echo $?") return { status: 0, printed: `${last}\n` };
      // npm finds `datapy` by itself as a reader's would; what it costs is the start of npx, nothing is installed.
      const done = spawnSync("sh", ["-c", command], { cwd, env, encoding: "utf8", timeout: 120_000 });
      if (done.error) throw done.error;
      last = done.status ?? -1;
      return { status: last, printed: `${done.stdout}\n${done.stderr}` };
    },
    write: (file, text) => {
      mkdirSync(path.dirname(path.join(cwd, file)), { recursive: true });
      writeFileSync(path.join(cwd, file), `${text}\n`);
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
