import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { ArtifactDeclarations } from "@datapy/mod-kit";
import { openArtifactFolder } from "../../src/artifacts/artifact-folder.js";
import type { ArtifactFolder } from "../../src/artifacts/artifact-folder.js";
import { createDataEngine } from "../../src/data/duckdb-engine.js";
import type { DataEngine } from "../../src/data/duckdb-engine.js";
import { openRunData } from "../../src/data/run-data.js";
import type { RunData } from "../../src/data/run-data.js";

/** A run's data over a real DuckDB and a folder of its own. */
export interface OpenedData extends RunData {
  readonly folder: string;
  readonly engine: DataEngine;
  readonly artifacts: ArtifactFolder;
  readonly cancel: AbortController;
  /** Another run in the same process. */
  another(): RunData;
  /** Every file of the folder, relative. */
  files(): Promise<string[]>;
  end(): Promise<void>;
}

const DECLARED: ArtifactDeclarations = {
  output_data: { kind: "table", description: "rows" },
  second: { kind: "table", description: "more rows" },
  report: { kind: "file", description: "a page" },
};

export async function openData(
  settings: { readonly memoryLimit?: string; readonly threads?: number } = {},
): Promise<OpenedData> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "datapy-data-"));
  const engine = createDataEngine({
    ...settings,
    spillFolder: path.join(folder, "spill"),
    databasePath: path.join(folder, "project.duckdb"),
  });
  const cancel = new AbortController();
  let runs = 0;
  const folderOf = (): ArtifactFolder =>
    openArtifactFolder({
      mod: "test-mod",
      declared: DECLARED,
      folder: path.join(folder, "artifacts", String(++runs)),
      temporary: path.join(folder, "tmp", String(runs)),
      onAdd: () => undefined,
    });
  const artifacts = folderOf();
  const data = openRunData({ engine, signal: cancel.signal, artifacts });
  const others: RunData[] = [];
  return {
    ...data,
    folder,
    engine,
    artifacts,
    cancel,
    another() {
      const other = openRunData({ engine, signal: cancel.signal, artifacts: folderOf() });
      others.push(other);
      return other;
    },
    async files() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries
        .filter((one) => one.isFile())
        .map((one) => path.relative(folder, path.join(one.parentPath, one.name)))
        .sort();
    },
    async end() {
      for (const one of [data, ...others]) await one.close();
      await artifacts.close();
      engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
