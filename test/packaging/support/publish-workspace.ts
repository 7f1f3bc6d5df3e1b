import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { LocalRegistry } from "./verdaccio.js";
import { mustRun, runCommand } from "./run-command.js";
import { repositoryRoot, workspacePackages } from "./workspace-packages.js";

/**
 * Publishes every package with `lerna publish from-package`, from a copy of the built packages: lerna wants a clean work tree, and
 * writes into it.
 */
export async function publishWorkspace(registry: LocalRegistry, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json", "lerna.json", "LICENSE"])
    cpSync(path.join(repositoryRoot, name), path.join(folder, name));
  for (const one of workspacePackages()) {
    const skip = new Set(["node_modules", "test", "src"].map((name) => path.join(one.folder, name)));
    cpSync(one.folder, path.join(folder, one.group, one.name), {
      recursive: true,
      filter: (source) => !skip.has(source),
    });
  }
  symlinkSync(path.join(repositoryRoot, "node_modules"), path.join(folder, "node_modules"), "junction");
  const npmrc = path.join(folder, ".npmrc");
  writeFileSync(npmrc, registry.npmrc);
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    USERPROFILE: folder,
    SystemRoot: process.env["SystemRoot"] ?? "",
    npm_config_userconfig: npmrc,
    NX_DAEMON: "false",
    NX_CACHE_DIRECTORY: path.join(folder, ".nx"),
    NX_WORKSPACE_DATA_DIRECTORY: path.join(folder, ".nx-data"),
    CI: "true",
  };
  const git = await runCommand("git", ["--version"], { cwd: folder, env }).catch(() => undefined);
  if (git?.status !== 0) {
    // lerna cannot do without git, though it needs nothing of it here.
    for (const one of workspacePackages())
      await mustRun("npm", ["publish", "--ignore-scripts"], { cwd: path.join(folder, one.group, one.name), env });
    return;
  }
  const lerna = createRequire(__filename).resolve("lerna/cli");
  const args = [
    lerna,
    "publish",
    "from-package",
    "--yes",
    "--no-git-reset",
    "--registry",
    `${registry.url}/`,
    "--loglevel",
    "warn",
  ];
  await mustRun(process.execPath, args, { cwd: folder, env });
}
