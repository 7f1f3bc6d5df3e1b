import { statSync } from "node:fs";
import path from "node:path";
import { missingFileHint } from "@datapy/mod-kit";
import type { ReaderParameters } from "../parameters.js";
import { readerError } from "../reader-error.js";

/** Formats, as they are read. */
export type Format = "json" | "ndjson" | "parquet" | "xlsx" | "fixed";

/** Files to read, all of one format. */
export interface Input {
  readonly format: Format;
  readonly files: readonly string[];
}

const BY_EXTENSION: Readonly<Record<string, Format>> = {
  ".json": "json",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".parquet": "parquet",
  ".pq": "parquet",
  ".xlsx": "xlsx",
  ".xlsm": "xlsx",
};

/** Finds the files, sorted by name. Throws `FILE_READER_INPUT` and `FILE_READER_FORMAT` (20). */
export async function findInput(params: ReaderParameters): Promise<Input> {
  const files: string[] = [];
  for (const given of typeof params.input_path === "string" ? [params.input_path] : params.input_path) {
    for (const file of await filesOf(given)) if (!files.includes(file)) files.push(file);
  }
  const formats = new Map(files.map((file) => [params.format === "auto" ? formatOf(file) : params.format, file]));
  const [first, second] = formats;
  if (first === undefined || second !== undefined) {
    throw readerError(
      "FILE_READER_FORMAT",
      `${files.join(", ").slice(0, 400)} are of several formats: ${[...formats.keys()].join(", ")}`,
      "Read the files of one format at a time, or set `format`.",
    );
  }
  if ((first[0] === "fixed") !== (params.fields !== undefined)) {
    throw readerError(
      "FILE_READER_FORMAT",
      first[0] === "fixed" ? "a file of fixed width needs `fields`" : "`fields` are for `format: fixed`",
      "Name the columns of a line under `fields`, each with its width.",
    );
  }
  return { format: first[0], files };
}

async function filesOf(given: string): Promise<string[]> {
  const there = statSync(given, { throwIfNoEntry: false });
  if (there?.isFile() === true) return [given];
  if (there?.isDirectory() === true)
    throw readerError(
      "FILE_READER_INPUT",
      `${given} is a directory`,
      `Name its files: ${path.join(given, "**", "*.json")}`,
    );
  if (there !== undefined)
    throw readerError("FILE_READER_INPUT", `${given} is not a regular file`, "Copy it to a file first.");
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(given)) {
    throw readerError(
      "FILE_READER_INPUT",
      `${given} is no path of this machine`,
      "Fetch it first, with s3-downloader or api-client.",
    );
  }
  const { glob } = await import("tinyglobby");
  const isPattern = /[*?[{]/.test(given);
  // Patterns have forward slashes on every system.
  const pattern = process.platform === "win32" ? given.replaceAll("\\", "/") : given;
  const found = isPattern
    ? await glob(pattern, { absolute: true, expandDirectories: false, cwd: path.parse(given).root })
    : [];
  if (found.length === 0) {
    throw readerError(
      "FILE_READER_INPUT",
      isPattern ? `no file matches ${given}` : `there is no file ${given}`,
      isPattern ? "Check input_path and base_path." : missingFileHint(given),
      undefined,
      "input_path",
    );
  }
  return found.map((file) => path.normalize(file)).sort();
}

function formatOf(file: string): Format {
  const plain = file.toLowerCase().replace(/\.(?:gz|gzip|zst|zstd)$/, "");
  const found = BY_EXTENSION[path.extname(plain)];
  if (found !== undefined) return found;
  const isOld = path.extname(plain) === ".xls";
  throw readerError(
    "FILE_READER_FORMAT",
    isOld ? `${file} is a workbook of the old binary format` : `the format of ${file} cannot be told from its name`,
    isOld
      ? "Save it as .xlsx first."
      : "Set `format`: json, ndjson, parquet, xlsx or fixed. CSV files are for csv-reader.",
  );
}

/** Columns out of folders such as `country=PL`. */
export function hiveValues(file: string): Record<string, string | null> {
  const values: Record<string, string | null> = {};
  for (const part of path.dirname(file).split(/[\\/]/)) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) continue;
    values[decoded(name)] = value === "__HIVE_DEFAULT_PARTITION__" ? null : decoded(value);
  }
  return values;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
