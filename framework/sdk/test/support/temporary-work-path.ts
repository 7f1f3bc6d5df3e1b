import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** A folder of its own for each test of the file, removed after it; call the result for its path. */
export function temporaryWorkPath(): () => string {
  let folder = "";
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-work-")));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}
