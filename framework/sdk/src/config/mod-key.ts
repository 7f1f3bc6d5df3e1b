/**
 * The name that a mod goes by under `mod_defaults:` and `mods:`, whatever its spelling: `csv_reader`, `csv-reader`,
 * `@datapy/mod-csv-reader` and `datapy.mods.sources.csv_reader` all give `csv-reader`.
 */
export function canonicalModKey(key: string): string {
  const last = key.startsWith("datapy.mods.") ? key.slice(key.lastIndexOf(".") + 1) : key;
  return last.replace(/^(?:@[^/]+\/)?mod-/, "").replace(/_/g, "-");
}
