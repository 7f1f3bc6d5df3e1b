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
  /** Wall time that the run may take, from the search for the mod to its envelope, in milliseconds. Default unlimited. */
  readonly timeoutMs?: number;
  /** Counts from 1. */
  readonly attempt?: number;
}
