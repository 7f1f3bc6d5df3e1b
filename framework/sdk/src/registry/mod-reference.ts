import path from "node:path";
import { fileURLToPath } from "node:url";
import { canonicalName } from "./package-key.js";

/** What a user wrote to name a mod, understood. */
export type ModReference =
  /** `./my-mod.ts`, `/abs/x.mjs`, `C:\…`, `mods/x.js`, `file:///…`; `~/` is the home. */
  | { readonly kind: "path"; readonly path: string }
  /** `@scope/mod-x`, or `@scope/package/x` for one of several mods. */
  | { readonly kind: "package"; readonly packageName: string; readonly mod: string | undefined }
  /** `csv-reader`, `csv_reader`, `datapy.mods.sources.csv_reader`. The category decides between mods of one name only. */
  | { readonly kind: "name"; readonly name: string; readonly category: string | undefined };

const MODULE_FILE = /\.[cm]?[jt]s$/;
const OLD_CATEGORIES: Readonly<Record<string, string>> = {
  sources: "source",
  transformers: "transformer",
  sinks: "sink",
  solos: "solo",
};

/** Tells what kind of reference `reference` is. Never fails: what is nothing else is a name. */
export function parseModReference(reference: string): ModReference {
  const text = reference.trim();
  if (text.startsWith("file:")) {
    try {
      return { kind: "path", path: fileURLToPath(text) };
    } catch {
      return { kind: "path", path: text };
    }
  }
  if (/^(\.{0,2}[\\/]|~[\\/]|[A-Za-z]:[\\/])/.test(text) || text === "." || text === ".." || MODULE_FILE.test(text)) {
    return { kind: "path", path: text };
  }
  const [, packageName, mod] = /^(@[^/\s]+\/[^/\s]+)(?:\/([^/\s]+))?$/.exec(text) ?? [];
  if (packageName !== undefined) {
    return { kind: "package", packageName, mod: mod === undefined ? undefined : canonicalName(mod) };
  }
  if (/[\\/]/.test(text) && !text.startsWith("@")) return { kind: "path", path: path.normalize(text) };
  const [, category = "", name = text] = /^datapy\.mods\.(?:(\w+)\.)?(?:\w+\.)*([\w-]+)$/.exec(text) ?? [];
  return { kind: "name", name: canonicalName(name), category: OLD_CATEGORIES[category] };
}
