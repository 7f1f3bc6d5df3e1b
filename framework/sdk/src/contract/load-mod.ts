import { isModDefinition } from "@datapy/mod-kit";
import type { ModDefinition } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { FaultList } from "../faults.js";
import { KNOWN_CONTRACTS } from "../registry/package-key.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { yamlIsNoMod } from "../registry/yaml-is-no-mod.js";
import { checkDefinition } from "./check-definition.js";
import type { DefinitionCheck } from "./check-definition.js";
import { MODULE_ENDING, UnparsedCode, canResolve, importFile, importModule } from "./import-file.js";
import { valueWords } from "./value-words.js";

/** How much is checked. */
export interface LoadOptions {
  /**
   * Holds the schema against the meta-schema of JSON Schema too, which takes 30 ms more and finds what compiling does not. Default:
   * for mods that were given by path, since those of packages were held to it when their manifest was written.
   */
  readonly thorough?: boolean;
}

/**
 * Imports a mod and makes the load checks that need its code: import, brand, contract, metadata, name, schema, defaults. (The registry
 * has made the first three.)
 *
 * Throws `DATAPY_IMPORT_FAILED`, `DATAPY_BRAND_MISSING` or `DATAPY_CONTRACT_UNKNOWN`; else a `FaultList` of all that is wrong:
 * `DATAPY_METADATA_INVALID`, `DATAPY_NAME_MISMATCH`, `DATAPY_SCHEMA_INVALID`, `DATAPY_DEFAULT_INVALID`, `DATAPY_ARTIFACTS_INVALID`,
 * `DATAPY_RUN_MISSING`.
 */
export async function loadMod(mod: RegisteredMod, options: LoadOptions = {}): Promise<ModDefinition> {
  const byPath = mod.packageName === "";
  const what = byPath ? mod.entry : `${mod.name} (${mod.packageName})`;
  if (byPath && !MODULE_ENDING.test(mod.entry))
    throw fault("DATAPY_MOD_FILE_KIND", { path: mod.entry }, { hint: yamlIsNoMod(mod.entry) });

  const exported = findDefinition(await importEntry(mod, what, byPath));
  return verifyMod(exported, {
    what,
    entry: mod.entry,
    key: byPath ? undefined : { name: mod.name, category: mod.category },
    thorough: options.thorough ?? mod.origin === "path",
  });
}

/** The checks of a mod that is there already: those of {@link loadMod} from the brand on, with the same errors. */
export function verifyMod(value: unknown, check: DefinitionCheck & { readonly entry?: string }): ModDefinition {
  const { what, entry = "its file" } = check;
  if (!isModDefinition(value)) throw fault("DATAPY_BRAND_MISSING", { mod: what, entry, given: exportWords(value) });
  if (!KNOWN_CONTRACTS.includes(value.contract)) {
    throw fault("DATAPY_CONTRACT_UNKNOWN", { package: what, detail: String(value.contract) });
  }
  const faults = checkDefinition(value, check);
  if (faults.length > 0) throw new FaultList(faults);
  return value;
}

async function importEntry(
  mod: RegisteredMod,
  what: string,
  byPath: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await (byPath || isUnfinished(mod) ? importFile(mod.entry) : importModule(mod.entry));
  } catch (cause) {
    throw fault(
      "DATAPY_IMPORT_FAILED",
      { mod: what, entry: mod.entry, detail: causeWords(cause) },
      { cause, location: cause instanceof UnparsedCode ? cause.location : undefined },
    );
  }
}

/** A package that its author is at work on: linked, or given by path, and not built or not installed yet. */
function isUnfinished({ origin, entry }: RegisteredMod): boolean {
  if (origin !== "linked" && origin !== "path") return false;
  return /\.[cm]?ts$/.test(entry) || !canResolve(entry, "@datapy/mod-kit");
}

/**
 * The default export, however the module was compiled: `export default`, `module.exports =`, or `exports.default =`, which Node gives
 * as the default of the default. Where none is a mod, the default export itself, to say what it is.
 */
function findDefinition(exports: Readonly<Record<string, unknown>>): unknown {
  const inner = exports["default"];
  const nested =
    typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)["default"] : undefined;
  return [inner, nested, exports].find(isModDefinition) ?? nested ?? inner;
}

function exportWords(value: unknown): string {
  if (value === undefined) return "it has no default export";
  const looksLikeOne = typeof value === "object" && value !== null && "run" in value;
  return looksLikeOne ? "its default export was not made by defineMod" : `its default export is ${valueWords(value)}`;
}

/** Name and message, since a bare message such as "x is not defined" says little. */
function causeWords(cause: unknown): string {
  if (cause instanceof Error || (typeof cause === "object" && cause !== null && "message" in cause)) {
    const { name, message } = cause as { readonly name?: unknown; readonly message: unknown };
    // A missing module's message goes on with the whole chain of requires.
    const [first = ""] = String(message).split("\nRequire stack:");
    return typeof name === "string" && name !== "Error" ? `${name}: ${first}` : first;
  }
  return `it threw ${valueWords(cause)}`;
}
