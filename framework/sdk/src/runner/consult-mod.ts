import type { DatapyError, ModContext, ModDefinition, ResultBuilder } from "@datapy/mod-kit";
import type { Configuration } from "../config/configuration-types.js";
import { loadMod } from "../contract/load-mod.js";
import { withLogScope } from "../logging/session-scope.js";
import { findMod } from "../registry/find-mod.js";
import { newRun } from "./new-run.js";
import { openRunContext } from "./run-context.js";
import type { Session } from "./session-types.js";
import type { Step } from "./step.js";
import { validParameters } from "./valid-parameters.js";

/** A mod that is asked something without being run. */
export interface ConsultedMod {
  readonly name: string;
  readonly definition: ModDefinition;
  /** As `run` would get them. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly context: ModContext;
  /** Warnings that it has added so far. */
  readonly warnings: readonly string[];
}

/** How a mod is asked. */
export interface ConsultationOptions {
  /** Whether parameters may be missing. Default `false`. */
  readonly incomplete?: boolean;
  /** Default the session's. */
  readonly configuration?: Configuration;
}

/**
 * Takes a mod along the road up to where it would be run, and asks it something else instead: nothing is recorded, no bookmark is kept, and
 * what it leaves in its temporary folder goes.
 *
 * @throws what keeps a run from being started, and what `ask` throws
 */
export async function consultMod<Answer>(
  session: Session,
  step: Step,
  ask: (mod: ConsultedMod) => Promise<Answer>,
  options: ConsultationOptions = {},
): Promise<Answer> {
  const configuration = options.configuration ?? session.configuration;
  if (configuration === undefined || session.configurationFault !== undefined) throw session.configurationFault;
  const registered = findMod(step.mod, {
    cwd: session.cwd,
    env: session.env,
    version: step.version,
    registry: session.registry,
  });
  const definition = await loadMod(registered);
  const { name, version } = definition.metadata;
  const { prepared } = await validParameters({
    session,
    configuration,
    step,
    definition,
    references: { session: { id: session.id }, run: { date: session.runDate }, mods: session.outcomes },
    ...(options.incomplete === true ? { forgives: isMissing } : {}),
  });

  const run = newRun(session, step, {});
  run.rename(name, version);
  const opened = openRunContext(run, definition);
  const warnings: string[] = [];
  const addWarning = (message: string): void => void warnings.push(message);
  const result = Object.create(opened.context.result, { addWarning: { value: addWarning } }) as ResultBuilder;
  try {
    const asked = withLogScope({ log: session.log, context: { mod: name, run_id: run.id } }, () =>
      ask({ name, definition, params: prepared.params, context: { ...opened.context, result }, warnings }),
    );
    // When the race is lost, nobody waits for it any more.
    asked.catch(() => undefined);
    return await Promise.race([asked, run.deadline.over]);
  } finally {
    run.deadline.clear();
    await opened.close();
  }
}

function isMissing(fault: DatapyError): boolean {
  return fault.code === "DATAPY_PARAMETER_MISSING";
}
