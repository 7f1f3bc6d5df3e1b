import type { RunSummary } from "./run-summary.js";
import type { ArtifactFacet } from "./artifact-facet.js";
import type { Facets, LineageDataset } from "./openlineage-types.js";

/** What became of a value on its way into a column. */
export type ColumnChange = "identity" | "transformation" | "aggregation" | "masked";

/** Where the values of a column come from: place of the dataset in {@link LineageLine.datasets}, column, change. */
export type ColumnReference = readonly [dataset: number, column: string, change: ColumnChange];

/** A dataset that a run wrote. */
export interface WrittenDataset {
  /** Place in {@link LineageLine.datasets}. */
  readonly dataset: number;
  readonly rows?: number;
  readonly bytes?: number;
  /** Names and types; absent where the run did not tell. */
  readonly columns?: readonly (readonly [name: string, type: string])[];
  /** Sources by column; absent where the mod declared none. */
  readonly lineage?: Readonly<Record<string, readonly ColumnReference[]>>;
  /** Of an artifact. */
  readonly artifact?: ArtifactFacet;
}

/** What a run read and wrote, on one line: as much of the ledger as lineage and artifacts need. */
export interface LineageLine extends Pick<
  RunSummary,
  "run_id" | "session_id" | "mod" | "job" | "step" | "status" | "started_at"
> {
  /** ISO 8601, UTC. */
  readonly ended_at: string;
  /** Datasets that the line speaks of: the path of a file, else namespace and name. */
  readonly datasets: readonly string[];
  /** Places of the datasets that were read: as the run was told to, and as its columns say. */
  readonly reads: readonly number[];
  /** Places of the datasets that were written, as in {@link writes}. */
  readonly written: readonly number[];
  readonly writes: readonly WrittenDataset[];
}

/** Stands before the last key of a line, and nowhere else in it: quotes inside of texts are escaped. */
const LAST_KEY = ',"writes":';

/**
 * Reads a line. What it says of columns, most of it, is parsed when it is first asked for: few of a ledger's lines are.
 * `undefined` where it is not whole.
 */
export function readLineageLine(text: string): LineageLine | undefined {
  const end = text.indexOf(LAST_KEY);
  if (end < 0 || !text.endsWith("}")) return undefined;
  try {
    const head = JSON.parse(`${text.slice(0, end)}}`) as Omit<LineageLine, "writes">; // Our own file.
    let writes: readonly WrittenDataset[] | undefined;
    return {
      ...head,
      get writes() {
        return (writes ??= JSON.parse(text.slice(end + LAST_KEY.length, -1)) as readonly WrittenDataset[]);
      },
    };
  } catch {
    return undefined;
  }
}

/** A dataset by the name that people and {@link LineageLine} know it by: a path, `postgresql://host:5432/database/schema.table`. */
export function datasetLabel({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  if (namespace === "file") return name;
  return `${namespace}/${name === "/" ? "" : name}`;
}

/** Sums up what an ended run read and wrote. */
export function lineageLine(
  run: RunSummary,
  endedAt: string,
  datasets: { readonly inputs: readonly LineageDataset[]; readonly outputs: readonly LineageDataset[] },
): LineageLine {
  const labels = new Map<string, number>();
  const place = (dataset: { readonly namespace: string; readonly name: string }): number => {
    const label = datasetLabel(dataset);
    const known = labels.get(label);
    if (known !== undefined) return known;
    labels.set(label, labels.size);
    return labels.size - 1;
  };
  const reads = new Set(datasets.inputs.map(place));
  const writes = datasets.outputs.map((output) => written(output, place));
  for (const { lineage } of writes) {
    for (const references of Object.values(lineage ?? {})) for (const [source] of references) reads.add(source);
  }
  return {
    // The first keys are those by which the lines of a day are told apart without parsing them.
    run_id: run.run_id,
    session_id: run.session_id,
    mod: run.mod,
    job: run.job,
    ...(run.step === undefined ? {} : { step: run.step }),
    status: run.status,
    started_at: run.started_at,
    ended_at: endedAt,
    datasets: [...labels.keys()],
    reads: [...reads],
    written: writes.map(({ dataset }) => dataset),
    // The last key: see readLineageLine.
    writes,
  };
}

interface LineageField {
  readonly namespace: string;
  readonly name: string;
  readonly field: string;
  readonly transformations?: readonly { readonly subtype?: string; readonly masking?: boolean }[];
}

function written(
  output: LineageDataset,
  place: (dataset: { readonly namespace: string; readonly name: string }) => number,
): WrittenDataset {
  const statistics = facet(output.outputFacets, "outputStatistics");
  const fields = facet(output.facets, "schema")?.["fields"] as { name: string; type: string }[] | undefined;
  const lineage = facet(output.facets, "columnLineage")?.["fields"] as
    Readonly<Record<string, { readonly inputFields: readonly LineageField[] }>> | undefined;
  const artifact = facet(output.facets, "datapy") as unknown as ArtifactFacet | undefined; // Written by artifactFacet alone.
  const { rowCount, size } = statistics ?? {};
  return {
    dataset: place(output),
    ...(typeof rowCount === "number" ? { rows: rowCount } : {}),
    ...(typeof size === "number" ? { bytes: size } : {}),
    ...(fields === undefined ? {} : { columns: fields.map(({ name, type }) => [name, type] as const) }),
    ...(lineage === undefined
      ? {}
      : {
          lineage: Object.fromEntries(
            Object.entries(lineage).map(([column, { inputFields }]) => [
              column,
              inputFields.map((source): ColumnReference => [place(source), source.field, changeOf(source)]),
            ]),
          ),
        }),
    ...(artifact === undefined
      ? {}
      : {
          artifact: {
            id: artifact.id,
            key: artifact.key,
            kind: artifact.kind,
            ...(artifact.checksum === undefined ? {} : { checksum: artifact.checksum }),
          },
        }),
  };
}

function changeOf({ transformations }: LineageField): ColumnChange {
  const [first] = transformations ?? [];
  if (first?.masking === true) return "masked";
  if (first?.subtype === "TRANSFORMATION") return "transformation";
  return first?.subtype === "AGGREGATION" ? "aggregation" : "identity";
}

function facet(facets: Facets | undefined, key: string): Readonly<Record<string, unknown>> | undefined {
  return facets?.[key];
}
