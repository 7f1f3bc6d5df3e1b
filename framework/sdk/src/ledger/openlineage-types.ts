/** The part of OpenLineage that DataPy writes. Field names are those of the standard. */

/** Any facet: what kind it is, and who says so. */
export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
  readonly [key: string]: unknown;
}

/** Facets by name. */
export type Facets = Readonly<Record<string, Facet>>;

/** A dataset of an event. `inputFacets` stand on inputs, `outputFacets` on outputs. */
export interface LineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
  readonly inputFacets?: Facets;
  readonly outputFacets?: Facets;
}

/** Transition of a run. */
export type LineageEventType = "START" | "RUNNING" | "COMPLETE" | "ABORT" | "FAIL";

/** A job as OpenLineage names it. */
export interface LineageJob {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}

/** A line of the ledger. */
export interface RunEvent {
  readonly eventType: LineageEventType;
  /** ISO 8601, UTC. */
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets?: Facets };
  readonly job: LineageJob;
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
}
