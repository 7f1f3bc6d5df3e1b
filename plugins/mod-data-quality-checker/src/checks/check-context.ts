import { closestName } from "@datapy/mod-kit";
import type { Column, EarlierRun, ModContext } from "@datapy/mod-kit";
import type { FileSource } from "@datapy/object-storage";
import { qualityError } from "../quality-error.js";
import type { Source } from "../source.js";

/** What checks work with. */
export interface CheckContext {
  readonly ctx: ModContext;
  readonly source: Source;
  readonly files: FileSource;
  readonly rows: number;
  /** Earlier runs over the same data set, newest first. */
  earlier(limit: number): Promise<readonly EarlierRun[]>;
}

/** A column by its name. Throws `QUALITY_BAD_EXPECTATION` (20). */
export function columnOf(columns: readonly Column[], name: string): Column {
  const found = columns.find((one) => one.name === name);
  if (found !== undefined) return found;
  const close = closestName(
    name,
    columns.map((one) => one.name),
  );
  throw qualityError(
    "QUALITY_BAD_EXPECTATION",
    `there is no column ${JSON.stringify(name)}${close === undefined ? "" : ` (did you mean ${JSON.stringify(close)}?)`}`,
    { hint: `The columns are ${columns.map((one) => JSON.stringify(one.name)).join(", ")}.` },
  );
}
