import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describeLoaded } from "@datapy/sdk/contract";
import type { LoadedMod, ModPackage } from "../mod-package.js";
import { README_END, README_START, withTables } from "./readme-tables.js";

/** The tables in the README are those of the code. `DATAPY_WRITE_README=1` writes them. */
export function checkReadme({ root }: ModPackage, loaded: readonly LoadedMod[]): void {
  const file = path.join(root, "README.md");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const wanted = withTables(
    text,
    loaded.map(({ registered, definition }) => describeLoaded(registered, definition)),
  );
  assert.ok(
    wanted !== undefined,
    `README.md lacks the lines ${README_START} and ${README_END}, between which the tables of parameters go`,
  );
  if (process.env["DATAPY_WRITE_README"] === "1" && wanted !== text) writeFileSync(file, wanted);
  else assert.equal(text, wanted, "the tables in README.md are out of date; DATAPY_WRITE_README=1 writes them");
}
