import { cpSync, mkdtempSync, realpathSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const ROOT = path.resolve(__dirname, "../..");
/** What runs leave in a project. */
const MADE = new Set([".datapy", "reports", "archive", "lists", "finance.sqlite"]);

/** A clone of the repository as far as the projects need one; nothing of a test is left in this one. Gives its folder, for the caller to remove. */
export function cloneProjects(name: string): string {
  const clone = realpathSync(mkdtempSync(path.join(os.tmpdir(), `datapy-${name}-`)));
  cpSync(path.join(ROOT, "projects"), path.join(clone, "projects"), {
    recursive: true,
    filter: (source) => !MADE.has(path.basename(source)),
  });
  cpSync(path.join(ROOT, "package.json"), path.join(clone, "package.json"));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(clone, "node_modules"), "junction");
  return clone;
}
