import { closeSync, openSync, readSync } from "node:fs";
import type { DeclaredType } from "../columns/declared-type.js";
import { almostTyped, inferredType, kindName } from "../columns/infer-type.js";
import { csvError } from "../csv-error.js";
import { readableText, shownValue } from "../output/describe-bad.js";
import type { TargetColumn } from "../output/duckdb-source.js";
import type { CsvParameters } from "../parameters.js";
import { mergeColumns } from "../scan/merge-columns.js";
import type { ColumnSeen, ValuePlace } from "../scan/scan-types.js";
import type { FilePlan } from "./plan-file.js";
import type { FileRead } from "./read-file.js";

/** The columns of the table that several files make. @throws DatapyError `CSV_COLUMNS` when they differ and `union` is `refuse` */
export function columnNames(plans: readonly FilePlan[], params: CsvParameters): string[] {
  const [first, ...rest] = plans;
  if (first === undefined) return [];
  const names = [...first.names];
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  for (const plan of rest) {
    const same =
      plan.names.length === first.names.length && plan.names.every((name, index) => name === first.names[index]);
    if (same) continue;
    if (params.union === "refuse") {
      const lacks = first.names.filter((name) => !plan.names.includes(name));
      const more = plan.names.filter((name) => !first.names.includes(name));
      const how = [
        lacks.length > 0
          ? `it lacks ${lacks
              .slice(0, 5)
              .map((name) => JSON.stringify(name))
              .join(", ")}`
          : "",
        more.length > 0
          ? `it has ${more
              .slice(0, 5)
              .map((name) => JSON.stringify(name))
              .join(", ")} besides`
          : "",
        lacks.length + more.length === 0 ? "their order differs" : "",
      ].filter((part) => part !== "");
      throw csvError(
        "CSV_COLUMNS",
        `${plan.file.path} has other columns than ${first.file.path}: ${how.join("; ")}`,
        "declare union: by_name to match columns by name",
      );
    }
    for (const name of plan.names) {
      const other = known.get(name.toLowerCase());
      if (other === undefined) {
        known.set(name.toLowerCase(), name);
        names.push(name);
      } else if (other !== name) {
        throw csvError(
          "CSV_COLUMNS",
          `${plan.file.path} names a column ${JSON.stringify(name)}, another file ${JSON.stringify(other)}`,
          "write the name in one way",
        );
      }
    }
  }
  return names;
}

/** What was seen of each column in all files, and its type. */
export interface ColumnOutcome {
  readonly target: TargetColumn;
  readonly nulls: number;
  /** Why it stayed text, where most values look typed. */
  readonly note?: string;
}

/** Types of the table's columns: as declared, or as inferred over every value of every file. */
export function columnOutcomes(
  names: readonly string[],
  files: readonly FileRead[],
  declared: ReadonlyMap<string, DeclaredType>,
  params: CsvParameters,
): ColumnOutcome[] {
  return names.map((name) => {
    let merged: ColumnSeen | undefined;
    let nulls = 0;
    let offendingFile: FileRead | undefined;
    for (const file of files) {
      const index = file.plan.names.indexOf(name);
      const seen = index < 0 ? undefined : file.seen.columns[index];
      if (index < 0) nulls += file.seen.counts.records;
      if (seen === undefined) continue;
      nulls += seen.nulls;
      const before = merged;
      merged = merged === undefined ? seen : mergeColumns(merged, seen, params.type_inference === "aggressive");
      if (merged.offending !== undefined && before?.offending === undefined) offendingFile = file;
    }
    const type = declared.get(name);
    if (type !== undefined) {
      return {
        nulls,
        target: { name, type: type.type, ...(type.format === undefined ? {} : { format: type.format }) },
      };
    }
    const target = {
      name,
      type: merged === undefined || params.type_inference === "off" ? "VARCHAR" : inferredType(merged),
    };
    if (
      merged === undefined ||
      offendingFile === undefined ||
      merged.offending === undefined ||
      params.type_inference === "off" ||
      !almostTyped(merged)
    )
      return { target, nulls };
    return { target, nulls, note: textNote(name, merged, offendingFile, merged.offending) };
  });
}

function textNote(name: string, seen: ColumnSeen, file: FileRead, place: ValuePlace): string {
  const handle = openSync(file.plan.text.path, "r");
  try {
    const bytes = Buffer.alloc(Math.min(place.length, 400));
    readSync(handle, bytes, 0, bytes.length, place.offset);
    const what = kindName(seen.prior);
    const share = Math.floor((seen.typed / (seen.typed + seen.misses)) * 1000) / 10;
    return `column ${JSON.stringify(name)} stays text, although ${share}% of its values are typed: ${shownValue(readableText(bytes))} in ${file.plan.file.path}:${place.line} does not fit ${what} that print as they are written`;
  } finally {
    closeSync(handle);
  }
}
