import { fault } from "../../errors.js";
import type { JobBundle } from "./job-bundle.js";

/** The bundle in an archive that `datapy runs bundle` wrote. */
export function readArchivedBundle(file: string): Promise<JobBundle> {
  return Promise.reject(fault("DATAPY_BUNDLE_INVALID", { file, detail: "archives are not read yet" }));
}
