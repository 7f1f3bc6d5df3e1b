import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { reinstallAll } from "./npm.js";

/** Files that say what is installed; the last one tells what stands in `node_modules`. */
const FILES = ["package.json", "package-lock.json", "node_modules/.package-lock.json"];

/**
 * Does `work`; when it throws, makes the data directory what it was before. oclif's own undoing removes a package whose *update* has
 * failed, and leaves behind what npm had brought before a refusal or an interruption.
 */
export async function withRollback<Result>(dataDirectory: string, work: () => Promise<Result>): Promise<Result> {
  const before = FILES.map((name) => textOf(dataDirectory, name));
  try {
    return await work();
  } catch (error) {
    if (FILES.some((name, index) => textOf(dataDirectory, name) !== before[index]))
      await restore(dataDirectory, before);
    throw error;
  }
}

async function restore(dataDirectory: string, before: readonly (string | undefined)[]): Promise<void> {
  try {
    for (const [index, name] of FILES.slice(0, 2).entries()) {
      const file = path.join(dataDirectory, name);
      const text = before[index];
      if (text === undefined) rmSync(file, { force: true });
      else writeFileSync(file, text);
    }
    await reinstallAll(dataDirectory);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `What was installed before could not be restored completely (${why}); run \`datapy plugins update\`.\n`,
    );
  }
}

function textOf(dataDirectory: string, name: string): string | undefined {
  const file = path.join(dataDirectory, name);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
