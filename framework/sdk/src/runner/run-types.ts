import type { LedgerInput } from "../ledger/ledger-types.js";
import type { FaultPlaces } from "./place-faults.js";
import type { RunContext } from "./run-context.js";
import type { RunDeadline } from "./run-deadline.js";
import type { Configuration } from "../config/configuration-types.js";
import type { RunOutcome, Session } from "./session-types.js";
import type { Step } from "./step.js";

/** What a run sees that is a step of a job. */
export interface RunScope {
  /** Of the job's file. */
  readonly configuration: Configuration;
  /** What `${mods.<step>.…}` gives. */
  readonly outcomes: Readonly<Record<string, RunOutcome>>;
  /** Globals that earlier steps added; they lie over the configured ones. */
  readonly added: Readonly<Record<string, unknown>>;
  /** Bookmarks that earlier steps of the job set and that are not kept yet: JSON by key, `undefined` for a deletion. */
  readonly bookmarks: (mod: string) => ReadonlyMap<string, string | undefined>;
  /** OpenLineage's UUID of the step that the run is an attempt at. */
  readonly stepUuid: string;
}

/** A run on its way along the road. */
export interface Run {
  readonly session: Session;
  readonly step: Step;
  /** `undefined` for a run that is no step of a job. */
  readonly scope: RunScope | undefined;
  readonly startedAt: Date;
  readonly deadline: RunDeadline;
  /** Until the mod is found, what the reference makes of it. */
  mod: string;
  /** Empty until the mod is found. */
  version: string;
  id: string;
  /** Files and artifacts that its parameters name. */
  inputs: readonly LedgerInput[];
  /** Whether its start stands in the ledger. */
  recorded: boolean;
  /** What was handed to the mod, once it was. */
  opened: RunContext | undefined;
  /** Where its parameters were written, once they are known. */
  locate: FaultPlaces["locate"];
  /** Why it failed. */
  failure: unknown;
  /** What it threw when it had to end for another reason: for the log only. */
  aside: unknown;
  rename(mod: string, version: string): void;
}
