import path from "node:path";
import { Flags } from "../oclif.js";

/** Flag of every command that reads the ledger. */
export const WORK_PATH_FLAG = {
  "work-path": Flags.string({
    helpValue: "DIR",
    description: "Folder that holds `runs/`, where it is not the project's own `.datapy`.",
  }),
};

/** Folder of artifacts, ledger and state: as given, else the project's. */
export async function findWorkPath(given: string | undefined): Promise<string> {
  if (given !== undefined) return path.resolve(given);
  const { loadConfiguration } = await import("@datapy/sdk/configuration");
  const { workPath } = await loadConfiguration({ cwd: process.cwd(), env: process.env });
  return workPath;
}
