import type { ModDefinition } from "@datapy/mod-kit";
import { randomHex } from "./random-ids.js";
import { startDeadline } from "./run-deadline.js";
import { runName } from "./run-name.js";
import type { RunStepOptions } from "./run-step.js";
import type { Run } from "./run-types.js";
import type { Session } from "./session-types.js";
import type { Step } from "./step.js";

/** Begins a run: its id, its place and its deadline. What it is called is known for certain only when its mod is found. */
export function newRun(session: Session, step: Step, options: RunStepOptions): Run {
  const suffix = options.runSuffix ?? randomHex(4);
  const name = nameOf(options.definition) ?? runName(step.mod);
  const run: Run = {
    session,
    step,
    scope: options.scope,
    startedAt: new Date(),
    mod: name,
    version: "",
    id: `${name}_${suffix}`,
    inputs: [],
    recorded: false,
    opened: undefined,
    locate: undefined,
    failure: undefined,
    aside: undefined,
    deadline: startDeadline({
      mod: () => run.mod,
      timeoutMs: step.timeoutMs,
      canceledBy: [
        ...(options.shielded === true ? [] : [session.signal]),
        ...(options.signal === undefined ? [] : [options.signal]),
      ],
      graceMs: () => options.graceMs ?? session.graceMs,
    }),
    rename(mod, version) {
      run.mod = mod;
      run.version = version;
      run.id = `${mod}_${suffix}`;
    },
  };
  return run;
}

/** Authors of JavaScript have no compiler that would miss the name. */
export function nameOf(definition: ModDefinition | undefined): string | undefined {
  const name: unknown = (definition?.metadata as { readonly name?: unknown } | undefined)?.name;
  return typeof name === "string" && name !== "" ? name : undefined;
}
