import path from "node:path";
import { missingFileHint } from "@datapy/mod-kit";
import type { DatapyError, SourceLocation } from "@datapy/mod-kit";
import { fault } from "../../errors.js";

/** The error of a step whose sub-job `file` is not there; `parent` is the file that names it. */
export function subJobMissing(file: string, parent: string, location: SourceLocation | undefined): DatapyError {
  const hint = `${missingFileHint(file)} The path of a job is taken from the folder of the file that names it, ${path.dirname(parent)}.`;
  return fault("DATAPY_FILE_NOT_FOUND", { path: file }, { location, hint });
}
