import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";
import type { Envelope } from "@datapy/mod-kit";
import type { SampleTables } from "./sample-tables.js";

/** `expected.json` of a sample. What it leaves out is not looked at. */
export interface Expected {
  readonly status: Envelope["status"];
  readonly exit_code?: number;
  /** Text that the errors hold. */
  readonly error?: string;
  /** Columns of `output_data`. */
  readonly columns?: readonly string[];
  /** Rows of `output_data`, in order. Where the mod declares it, no rows are expected when this is left out. */
  readonly rows?: readonly (readonly unknown[])[];
  readonly quarantine?: readonly (readonly unknown[])[];
  /** Rows of other artifacts of kind table, by key. */
  readonly artifacts?: Readonly<Record<string, readonly (readonly unknown[])[]>>;
  readonly metrics?: Readonly<Record<string, unknown>>;
  /** Texts that the warnings hold, one after the other. */
  readonly warnings?: readonly string[];
}

/** One folder of `test/samples`. */
export interface Sample {
  readonly name: string;
  readonly folder: string;
  readonly expected: Expected;
}

/** The samples of a package by name; none where it has no `test/samples`. A folder without `params.yaml` and `expected.json` is no sample. */
export function findSamples(packageRoot: string): Sample[] {
  const samples = path.join(packageRoot, "test", "samples");
  if (!existsSync(samples)) return [];
  return readdirSync(samples)
    .sort()
    .map((name) => ({ name, folder: path.join(samples, name) }))
    .filter(({ folder }) => ["params.yaml", "expected.json"].every((file) => existsSync(path.join(folder, file))))
    .map(({ name, folder }) => ({
      name,
      folder,
      expected: JSON.parse(readFileSync(path.join(folder, "expected.json"), "utf8")) as Expected,
    }));
}

/**
 * Parameters of a sample. `input.sql` becomes a table, given as `input_artifact`; every other `<name>.sql` becomes one too, whose path
 * stands for its name in capitals (`other.sql`: `OTHER`). Other files are found over `base_path`, which is the sample's folder.
 */
export async function sampleParameters(
  { name, folder }: Sample,
  tables: SampleTables,
  into: string,
): Promise<Record<string, unknown>> {
  let yaml = readFileSync(path.join(folder, "params.yaml"), "utf8");
  let input: string | undefined;
  for (const file of readdirSync(folder).filter((one) => one.endsWith(".sql"))) {
    const word = path.basename(file, ".sql");
    const parquet = path.join(into, `${name}.${word}.parquet`);
    await tables.make(readFileSync(path.join(folder, file), "utf8"), parquet);
    if (word === "input") input = parquet;
    else yaml = yaml.replaceAll(word.toUpperCase(), parquet);
  }
  const params = (load(yaml) ?? {}) as Record<string, unknown>;
  return input === undefined ? { base_path: folder, ...params } : { ...params, input_artifact: input };
}
