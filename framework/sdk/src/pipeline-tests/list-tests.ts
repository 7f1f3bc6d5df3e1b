import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { parseDuration } from "../contract/parse-quantity.js";
import { fault } from "../errors.js";
import { readTestFile, TEST_FILE } from "./read-test-file.js";

/** A test that was found. */
export interface ListedTest {
  /** Absolute. */
  readonly file: string;
  readonly name: string;
  /** Why it is not run at present. */
  readonly skip?: string;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/** A file of tests that cannot be read. */
export interface BrokenTestFile {
  readonly file: string;
  readonly error: unknown;
}

/**
 * Finds tests: those of a file, or of all `*.test.yaml` files below a folder (not in `node_modules` and hidden folders).
 *
 * @throws DatapyError `DATAPY_TEST_NONE`
 */
export function listTests(
  target: string,
  cwd: string,
): { readonly tests: readonly ListedTest[]; readonly broken: readonly BrokenTestFile[] } {
  const start = path.resolve(cwd, target);
  if (!existsSync(start))
    throw fault("DATAPY_TEST_NONE", { path: start }, { hint: "There is no such file or folder; check the spelling." });
  const files = statSync(start).isDirectory() ? filesBelow(start) : [start];
  const tests: ListedTest[] = [];
  const broken: BrokenTestFile[] = [];
  for (const file of files) {
    try {
      for (const { name, skip, timeout } of readTestFile(file, cwd).tests) {
        const timeoutMs = parseDuration(timeout ?? "60s") ?? 60_000;
        tests.push({ file, name, timeoutMs, ...(skip === undefined ? {} : { skip }) });
      }
    } catch (error) {
      broken.push({ file, error });
    }
  }
  if (tests.length + broken.length === 0) throw fault("DATAPY_TEST_NONE", { path: start });
  return { tests, broken };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory())
        return entry.name.startsWith(".") || entry.name === "node_modules" ? [] : filesBelow(file);
      return TEST_FILE.test(entry.name) ? [file] : [];
    });
}
