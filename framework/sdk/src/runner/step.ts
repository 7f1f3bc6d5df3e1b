/** One run to be made. A plain JSON value: it can be written down, sent to another machine and run there. */
export interface Step {
  /** Reference of the mod: a name in any of its spellings, or a path. */
  readonly mod: string;
  /** Version that the mod must have. Default any. */
  readonly version?: string;
  /** Parameters given here, over those of the configuration. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Key of the step in its job. Default the mod's name. */
  readonly stepId?: string;
  /**
   * Where the run stands in its job: `load`, `load[2]` for an item of `foreach`, `reports.load` for a step of a sub-job. Ledger and
   * artifact folder are named after it. Default `stepId`.
   */
  readonly path?: string;
  /** Name of its artifact folder. Default made from `path`. */
  readonly folder?: string;
  /** What `${item}` gives. */
  readonly item?: unknown;
  /** Wall time that the run may take, from the search for the mod to its envelope, in milliseconds. Default unlimited. */
  readonly timeoutMs?: number;
  /** Counts from 1. */
  readonly attempt?: number;
}
