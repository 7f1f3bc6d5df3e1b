import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import nodeModule, { createRequire } from "node:module";
import path from "node:path";
import vm from "node:vm";
import { dataDirectory } from "../registry/data-directory.js";

/** A module that was loaded from one big file. */
export interface LoadedBundle {
  readonly exports: unknown;
  /** Keeps the compiled code for the next process, where that is not done yet. To be called late, when most of it has been used. */
  readonly saveCompiledCode: () => void;
}

type ModuleFunction = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  file: string,
  folder: string,
  datapyImport: (specifier: string) => Promise<unknown>,
) => void;

/**
 * Loads a CommonJS bundle whose first line names its build (`build 0123…` in a comment), with the code that an earlier process compiled from
 * it: half of the time until a run starts would go into compiling. Node 22 has a compile cache of its own, which is used there.
 *
 * Code from a cache cannot `import()` by itself: the bundle gets a function for that, `datapyImport`.
 *
 * The code is kept in the data directory, one file for a build and a version of Node. V8 itself refuses what does not fit it.
 */
export function loadBundle(file: string): LoadedBundle {
  const folder = path.join(dataDirectory(), "cache", "code");
  // Not there before Node 22.
  const { enableCompileCache } = nodeModule as { readonly enableCompileCache?: (folder: string) => unknown };
  if (enableCompileCache !== undefined) {
    enableCompileCache(folder);
    return { exports: createRequire(file)(file) as unknown, saveCompiledCode: () => undefined };
  }
  const source = readFileSync(file, "utf8");
  const build = /^\/\* build ([0-9a-f]+) /.exec(source)?.[1];
  const cache =
    build === undefined
      ? undefined
      : path.join(folder, `${path.parse(file).name}-${build}-${process.version}-${process.arch}.bin`);
  const cachedData = cache === undefined ? undefined : readIfThere(cache);
  const script = new vm.Script(
    `(function (exports, require, module, __filename, __dirname, datapyImport) {${source}\n})`,
    {
      filename: file,
      ...(cachedData === undefined ? {} : { cachedData }),
    },
  );
  const module = { exports: {} };
  (script.runInThisContext() as ModuleFunction)(
    module.exports,
    createRequire(file),
    module,
    file,
    path.dirname(file),
    (specifier) => import(specifier),
  );
  const isKept = cachedData !== undefined && script.cachedDataRejected !== true;
  return {
    exports: module.exports,
    saveCompiledCode() {
      if (cache !== undefined && !isKept) keep(cache, script.createCachedData());
    },
  };
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Writes beside the file and renames, and removes what earlier builds have left. A folder that cannot be written to costs time only. */
function keep(file: string, code: Buffer): void {
  try {
    const folder = path.dirname(file);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const [name = ""] = path.basename(file).split("-", 1);
    const older = readdirSync(folder).filter((one) => one.startsWith(`${name}-`));
    const beside = `${file}.${String(process.pid)}`;
    writeFileSync(beside, code);
    renameSync(beside, file);
    for (const one of older) rmSync(path.join(folder, one), { force: true });
  } catch {
    // The next process compiles again.
  }
}
