/**
 * A reference (name, dotted name, package or path) as the name of a run, where the mod itself is not known: its last part,
 * `csv-reader` for `@datapy/mod-csv-reader` and `datapy.mods.sources.csv_reader` alike.
 */
export function runName(reference: string): string {
  const last = reference.split(/[\\/]/).findLast((part) => part !== "") ?? "";
  const isPath = last.length < reference.length && !reference.startsWith("@");
  const bare =
    isPath || /\.[cm]?[jt]s$/.test(last)
      ? last.replace(/\.[cm]?[jt]s$/, "")
      : (last.split(".").at(-1) ?? last).replace(/^mod-/, "").replaceAll("_", "-");
  const name = bare.replace(/[^A-Za-z0-9_-]+/g, "_");
  return name === "" ? "run" : name;
}
