import type { ArtifactFacet } from "../ledger/artifact-facet.js";
import type { ColumnChange } from "../ledger/lineage-line.js";
import type { RunStatus } from "../ledger/run-summary.js";

/** `up`: where data comes from; `down`: what is made of it; `both`. */
export type LineageDirection = "up" | "down" | "both";

/** What is asked of {@link traceLineage}. */
export interface LineageRequest {
  /**
   * A table (`customers`, `public.customers`, `postgresql://host:5432/shop/public.customers`), a file, or an artifact (its id, its path,
   * `STEP/KEY`, `SESSION/STEP/KEY`).
   */
  readonly reference: string;
  /** Folder that relative paths are taken from. */
  readonly cwd: string;
  /** Default `up`. */
  readonly direction?: LineageDirection;
  /** Most runs between the dataset and what is shown. Default unlimited. */
  readonly depth?: number | undefined;
  /** Whether columns are traced. Default `false`. */
  readonly columns?: boolean;
  /** Only this column. Implies `columns`. */
  readonly column?: string | undefined;
}

/** A dataset of the graph. */
export interface LineageNode {
  /** Path of a file, else URI. */
  readonly dataset: string;
  /** Of an artifact: what the ledger says of it, and who made it. */
  readonly artifact?: ArtifactFacet & { readonly session_id: string; readonly step: string };
  readonly rows?: number;
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
}

/** A run of the graph: of each job and step, the latest that wrote (or read) the dataset. */
export interface LineageStep {
  readonly run_id: string;
  readonly session_id: string;
  readonly mod: string;
  readonly job: string;
  readonly step?: string;
  readonly status: RunStatus;
  /** ISO 8601, UTC. */
  readonly ended_at: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** A column and one that it was made from, or is made into. */
export interface ColumnTrace {
  /** Column of the dataset that was asked for. */
  readonly column: string;
  /**
   * `source`: the value comes from `dataset` and `other`, which nothing in the ledger wrote. `target`: it goes there, and nothing
   * read it from there. `constant`: a run made it from no column. `undeclared`: a run on the way does not say where its columns come from.
   */
  readonly kind: "source" | "target" | "constant" | "undeclared";
  /** The far end. Of `undeclared` and `constant`: the dataset that the run wrote. */
  readonly dataset: string;
  readonly other?: string;
  /** What became of the value on the whole way. */
  readonly change?: ColumnChange;
  /** Runs on the way, from the dataset that was asked for to the far end. */
  readonly through: readonly string[];
}

/** The part of the lineage that was asked for. */
export interface LineageGraph {
  /** The dataset that was asked for. */
  readonly dataset: string;
  readonly direction: LineageDirection;
  readonly datasets: readonly LineageNode[];
  readonly runs: readonly LineageStep[];
  /** With `columns`. */
  readonly columns?: readonly ColumnTrace[];
}
