import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * The file that a module's name means in `directory`: as `require` finds it, or, for a package that has only an ES module, as
 * `import` does.
 *
 * @throws Error of `require.resolve` when it is neither.
 */
export function resolveModule(specifier: string, directory: string): string {
  try {
    return createRequire(join(directory, "index.js")).resolve(specifier);
  } catch (error) {
    const file = /^[./\\]/.test(specifier) ? undefined : importEntry(specifier, directory);
    if (file === undefined) throw error;
    return file;
  }
}

function importEntry(packageName: string, directory: string): string | undefined {
  for (let folder = directory; ; folder = dirname(folder)) {
    const root = join(folder, "node_modules", packageName);
    if (existsSync(join(root, "package.json"))) {
      const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports?: unknown };
      const entry = conditionalEntry(exports);
      return entry === undefined ? undefined : join(root, entry);
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** The first entry that `import` may take, of `"exports": "./x.js"`, `{ "import": … }` or `{ ".": … }`. */
function conditionalEntry(exports: unknown): string | undefined {
  if (typeof exports === "string") return exports;
  if (typeof exports !== "object" || exports === null) return undefined;
  const conditions = exports as Readonly<Record<string, unknown>>;
  for (const condition of [".", "node", "import", "default"]) {
    const entry = conditionalEntry(conditions[condition]);
    if (entry !== undefined) return entry;
  }
  return undefined;
}
