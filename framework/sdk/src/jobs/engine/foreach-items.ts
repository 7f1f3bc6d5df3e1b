import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { isDatapyError, sql, table } from "@datapy/mod-kit";
import type { SourceLocation } from "@datapy/mod-kit";
import type { ReferenceScope } from "../../config/configuration-types.js";
import { absolutePath } from "../../config/absolute-path.js";
import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import type { TracedValue } from "../../config/traced-value.js";
import { openRunData } from "../../data/run-data.js";
import { openArtifactFolder } from "../../artifacts/artifact-folder.js";
import { fault } from "../../errors.js";
import { systemReason } from "../../system-reason.js";
import { globExpression, globRoot, isGlob } from "../../lint/glob.js";
import { toJsonValue } from "../../result/json-value.js";
import type { Session } from "../../runner/session-types.js";

/** Items of one `foreach` at most. */
const MOST_ITEMS = 100_000;

/**
 * The items that a step is run for: those of a list, files that a glob names (sorted), or rows of a table artifact. JSON values.
 *
 * @throws DatapyError `DATAPY_FOREACH_NOT_A_LIST`, `DATAPY_FOREACH_TOO_MANY`, `DATAPY_TABLE_UNREADABLE`; what references and DuckDB throw
 */
export async function foreachItems(
  step: string,
  node: TracedValue,
  where: {
    readonly session: Session;
    readonly configuration: ResolvedConfiguration;
    readonly references: ReferenceScope;
    readonly signal: AbortSignal;
  },
): Promise<readonly unknown[]> {
  const { configuration, references } = where;
  const value = await configuration.expandValue(node, references);
  const { location } = node;
  const limit = (count: number): void => {
    if (count > MOST_ITEMS) throw fault("DATAPY_FOREACH_TOO_MANY", { step, limit: MOST_ITEMS }, { location });
  };
  if (Array.isArray(value)) {
    limit(value.length);
    return value.map((item: unknown) => toJsonValue(item));
  }
  if (typeof value === "object" && value !== null) {
    const { glob, rows } = value as { readonly glob?: unknown; readonly rows?: unknown };
    if (typeof glob === "string") {
      const files = filesOf(glob, baseOf(configuration));
      limit(files.length);
      return files;
    }
    if (typeof rows === "string") {
      const items = await rowsOf(absolutePath(rows, baseOf(configuration)), { ...where, location });
      limit(items.length);
      return items;
    }
  }
  throw fault("DATAPY_FOREACH_NOT_A_LIST", { step, given: kindOf(value) }, { location });
}

function baseOf(configuration: ResolvedConfiguration): string {
  const base = configuration.globals["base_path"];
  if (typeof base !== "string") return configuration.dataFolder;
  return absolutePath(base, configuration.baseOf(configuration.parts.globals.entries.get("base_path")));
}

/** Files that a glob names, absolute and sorted. Hidden ones only where the glob names them. */
function filesOf(pattern: string, base: string): string[] {
  const whole = absolutePath(pattern, base).split(path.sep).join("/");
  if (!isGlob(pattern)) return statSync(whole, { throwIfNoEntry: false }) === undefined ? [] : [whole];
  const root = globRoot(whole);
  const rest = whole.slice(root.length);
  const expression = globExpression(rest);
  const showsHidden = /(?:^|\/)\./.test(rest);
  const isDeep = rest.includes("/");
  const found: string[] = [];
  const walk = (folder: string, prefix: string): void => {
    for (const entry of readFolder(folder)) {
      if (entry.name.startsWith(".") && !showsHidden) continue;
      const name = `${prefix}${entry.name}`;
      const file = path.join(folder, entry.name);
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && isDirectory(file));
      if (isFolder) {
        if (isDeep && !entry.isSymbolicLink()) walk(file, `${name}/`);
      } else if (expression.test(name)) found.push(file);
    }
  };
  walk(root, "");
  return found.sort();
}

function readFolder(folder: string): readonly import("node:fs").Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw fault("DATAPY_FILE_DENIED", { detail: `${folder}: ${systemReason(error)}` }, { cause: error });
  }
}

function isDirectory(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function rowsOf(
  file: string,
  {
    session,
    signal,
    location,
  }: { readonly session: Session; readonly signal: AbortSignal; readonly location: SourceLocation | undefined },
): Promise<unknown[]> {
  const unreadable = (detail: string, cause?: unknown): Error =>
    fault("DATAPY_TABLE_UNREADABLE", { file, detail }, { location, cause });
  if (!existsSync(file)) throw unreadable("there is no such file");
  const nowhere = path.join(session.temporary.path, "foreach");
  const artifacts = openArtifactFolder({
    mod: "foreach",
    declared: {},
    folder: nowhere,
    temporary: nowhere,
    onAdd: () => undefined,
  });
  const data = openRunData({ engine: session.engine, signal, artifacts });
  try {
    const rows = await data.context.query(sql`select * from ${table(file)}`, { limit: MOST_ITEMS + 1 });
    return rows.map((row) => toJsonValue(row));
  } catch (error) {
    if (!isDatapyError(error) || !["DATAPY_DATA_QUERY_FAILED", "DATAPY_TABLE_UNREADABLE"].includes(error.code))
      throw error;
    throw unreadable("it is no Parquet file, or a damaged one", error);
  } finally {
    await data.close();
    await artifacts.close();
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "object") return "a mapping";
  return `the ${typeof value} ${JSON.stringify(value)}`;
}
