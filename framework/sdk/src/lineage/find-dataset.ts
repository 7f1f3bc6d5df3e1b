import { isDatapyError } from "@datapy/mod-kit";
import { findArtifact } from "../artifacts/find-artifact.js";
import { absolutePath, isUrl } from "../config/absolute-path.js";
import { closestName } from "../config/closest-name.js";
import { fault } from "../errors.js";
import { datasetName } from "../ledger/dataset-name.js";
import { datasetLabel } from "../ledger/lineage-line.js";
import type { LineageIndex } from "./lineage-index.js";

/**
 * The dataset of the ledger that a user means: by URI, by path, by the end of its name (`customers`, `public.customers`), or an artifact in
 * any way that {@link findArtifact} knows.
 *
 * @throws DatapyError `DATAPY_DATASET_UNKNOWN`, `DATAPY_DATASET_AMBIGUOUS`, `DATAPY_ARTIFACT_AMBIGUOUS`
 */
export function findDataset(index: LineageIndex, workPath: string, reference: string, cwd: string): string {
  const exact = datasetLabel(datasetName(isUrl(reference) ? reference : absolutePath(reference, cwd)));
  if (index.datasets.has(exact)) return exact;
  const ending = byEnding(index, reference);
  if (ending.length === 1 && ending[0] !== undefined) return ending[0];
  if (ending.length > 1) {
    throw fault("DATAPY_DATASET_AMBIGUOUS", {
      reference: JSON.stringify(reference),
      count: ending.length,
      names: ending.slice(0, 5).join(", ") + (ending.length > 5 ? ", …" : ""),
    });
  }
  try {
    const found = findArtifact(workPath, reference, cwd);
    if (found.kind === "artifact") return found.path;
  } catch (error) {
    if (!isDatapyError(error) || error.code !== "DATAPY_ARTIFACT_UNKNOWN") throw error;
  }
  const near = closestName(reference, [...index.datasets].map(lastName));
  throw fault(
    "DATAPY_DATASET_UNKNOWN",
    { reference: JSON.stringify(reference), folder: workPath },
    near === undefined ? {} : { hint: `Did you mean ${near}?` },
  );
}

/** Datasets whose name ends with the reference, at a `/` or a `.`. Artifacts have ids and names of their own. */
function byEnding(index: LineageIndex, reference: string): string[] {
  if (reference === "") return [];
  const ending = (plain: (text: string) => string): string[] => {
    const end = plain(reference);
    return [...index.datasets].filter((dataset) => {
      const name = plain(dataset);
      if (!name.endsWith(`/${end}`) && !name.endsWith(`.${end}`)) return false;
      return !index.writers(dataset).some((line) => isArtifactOf(line, dataset));
    });
  };
  const found = ending((text) => text);
  return found.length > 0 ? found : ending((text) => text.toLowerCase());
}

function isArtifactOf(line: ReturnType<LineageIndex["writers"]>[number], dataset: string): boolean {
  return line.writes.some((write) => write.artifact !== undefined && line.datasets[write.dataset] === dataset);
}

function lastName(dataset: string): string {
  return dataset.slice(dataset.lastIndexOf("/") + 1);
}
