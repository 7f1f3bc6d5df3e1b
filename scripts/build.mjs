// Builds every package: TypeScript first, then what a package builds besides (its `build:assets` script), then the manifests.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

function run(command, args, cwd) {
  const done = spawnSync(command, args, { cwd, stdio: ["ignore", 2, 2], shell: false });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

run(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc"), "-b", root], root);
for (const group of ["framework", "plugins"]) {
  for (const name of readdirSync(path.join(root, group)).sort()) {
    const file = path.join(root, group, name, "package.json");
    if (!existsSync(file)) continue;
    const { scripts = {} } = JSON.parse(readFileSync(file, "utf8"));
    if (scripts["build:assets"]) run("npm", ["run", "--silent", "build:assets"], path.dirname(file));
  }
}
