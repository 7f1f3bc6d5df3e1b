import type { LedgerInput } from "../ledger/ledger-types.js";
import type { RunContext } from "./run-context.js";
import type { RunDeadline } from "./run-deadline.js";
import type { Session } from "./session-types.js";
import type { Step } from "./step.js";

/** A run on its way along the road. */
export interface Run {
  readonly session: Session;
  readonly step: Step;
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
  /** Why it failed. */
  failure: unknown;
  /** What it threw when it had to end for another reason: for the log only. */
  aside: unknown;
  rename(mod: string, version: string): void;
}
