// The built packages, as a program that depends on them sees them.
import { createRequire } from "node:module";
import path from "node:path";
import { root } from "../workspace.mjs";

export const requireFromRoot = createRequire(path.join(root, "package.json"));
export const requireFromCli = createRequire(path.join(root, "framework/cli/package.json"));

export function modKit() {
  return requireFromCli("@datapy/mod-kit");
}

export function sdk(part) {
  return requireFromCli(part === undefined ? "@datapy/sdk" : `@datapy/sdk/${part}`);
}
