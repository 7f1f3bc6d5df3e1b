import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { SourceLocation } from "@datapy/mod-kit";
import { dataDirectory } from "../registry/data-directory.js";

/** Packages of the host that a file may import without having them beside it. */
const HOST_PACKAGES = ["@datapy/mod-kit", "@datapy/sdk"];

/** What `require` says of an ES module that it cannot load. */
const ES_MODULE_CODES: readonly unknown[] = ["ERR_REQUIRE_ESM", "ERR_REQUIRE_ASYNC_MODULE"];

/** Endings that can be imported. */
export const MODULE_ENDING = /\.[cm]?[jt]s$/;

/** What a module gives to who imports it. */
type Exports = Readonly<Record<string, unknown>>;

// As Node keeps its modules: a file is imported once in a process. Looking for the host's packages takes longer than a short run.
const imported = new Map<string, Promise<Exports>>();

/**
 * Imports a file that is no package: TypeScript without a build step, top-level `await` included, and `@datapy/mod-kit` and
 * `@datapy/sdk` from the host where the file finds none beside it. Gives the module's exports; throws what the file throws. A file is
 * imported once in a process, unless it threw.
 */
export function importFile(file: string): Promise<Exports> {
  const known = imported.get(file);
  if (known !== undefined) return known;
  const exports = importNew(file);
  imported.set(file, exports);
  exports.catch(() => imported.delete(file));
  return exports;
}

async function importNew(file: string): Promise<Exports> {
  const missing = HOST_PACKAGES.filter((name) => !canResolve(file, name));
  const isTypeScript = /\.[cm]?ts$/.test(file);
  // Node itself is faster, and exactly what the author knows; jiti is for what Node cannot do.
  if (!isTypeScript && missing.length === 0) return importModule(file);
  const { createJiti } = await import("jiti");
  const jiti = createJiti(file, {
    alias: Object.fromEntries(missing.map((name) => [name, require.resolve(name)])),
    // The default is a folder that every user of the machine can write to.
    fsCache: path.join(dataDirectory(), "cache", "jiti"),
    interopDefault: false,
  });
  try {
    return await jiti.import<Exports>(file);
  } catch (error) {
    throw unparsed(error) ?? error;
  }
}

/** Code that is no TypeScript or JavaScript, and where that shows. */
export class UnparsedCode extends Error {
  constructor(
    reason: string,
    readonly location: Required<SourceLocation>,
    cause: unknown,
  ) {
    super(`the code cannot be parsed: ${reason}`, { cause });
  }
}

/** What jiti says of code that it cannot parse: its text ends with a line of the place. */
function unparsed(error: unknown): UnparsedCode | undefined {
  const message = error instanceof Error ? error.message : "";
  const [, reason, file, line, column] = /^ParseError: ([^]*?)\s*\n\s*(.+):(\d+):(\d+)\s*$/.exec(message) ?? [];
  if (reason === undefined || file === undefined) return undefined;
  return new UnparsedCode(reason, { file, line: Number(line), column: Number(column) }, error);
}

/**
 * Imports a module, CommonJS or ES, as Node does. A CommonJS one is required, which spares a process that needs no ES modules their
 * loader (15 ms); its exports are the default export, as with `import`.
 */
export async function importModule(file: string): Promise<Exports> {
  if (isCommonJs(file)) {
    try {
      return { default: createRequire(__filename)(file) as unknown };
    } catch (error) {
      // It looked like CommonJS and was none.
      if (!ES_MODULE_CODES.includes((error as NodeJS.ErrnoException | undefined)?.code)) throw error;
    }
  }
  return (await import(pathToFileURL(file).href)) as Exports;
}

/** Whether Node would take a file for CommonJS without having to guess from its code. */
function isCommonJs(file: string): boolean {
  if (file.endsWith(".cjs")) return true;
  if (!file.endsWith(".js")) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const text = readIfThere(path.join(folder, "package.json"));
    if (text !== undefined)
      return typeOf(text) !== "module" && !/^\s*(?:import|export)\b/m.test(readIfThere(file) ?? "export");
    if (folder === path.dirname(folder)) return false;
  }
}

function typeOf(packageText: string): unknown {
  try {
    return (JSON.parse(packageText) as { readonly type?: unknown }).type;
  } catch {
    // Node says what is wrong with it.
    return "module";
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Whether a file finds a package beside it or above. */
export function canResolve(file: string, name: string): boolean {
  try {
    createRequire(file).resolve(name);
    return true;
  } catch {
    return false;
  }
}
