/** One run that a suite makes in a process of its own. */
export interface Job {
  /** Entry file of the mod, or a reference that the registry knows. */
  readonly mod: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What the suites of sinks and sources need to know of the mod under test, and of the system that it works on. */
export interface FaultAdapter {
  readonly mod: string;
  /**
   * Module that is loaded into the run's process before the mod, as `node --import` does. It calls `moment(name)` of
   * `@datapy/mod-testkit/moments` where the process may be ended. Renames of files are moments without it.
   */
  readonly preload?: string;
  /** Environment of the run's process, over this one's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Moments that the run must have come by, so that a preload that has gone deaf is noticed. */
  readonly steps?: readonly string[];
  /** Most kills. Default 16. Every name of a moment is used once before any is used again. */
  readonly kills?: number;
  /** Gives back what the adapter holds. */
  close?(): Promise<void> | void;
}
