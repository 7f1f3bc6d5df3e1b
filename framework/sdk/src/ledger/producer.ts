import { readFileSync } from "node:fs";
import path from "node:path";

let version: string | undefined;

/** Version of this copy of the sdk. */
export function productVersion(): string {
  if (version === undefined) {
    // Two folders up both from src/ledger and from dist/ledger.
    const text = readFileSync(path.join(__dirname, "../../package.json"), "utf8");
    const { version: found } = JSON.parse(text) as { version: string };
    version = found;
  }
  return version;
}
