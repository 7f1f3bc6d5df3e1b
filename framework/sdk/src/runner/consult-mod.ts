import type { DatapyError, ModContext, ModDefinition, ResultBuilder } from "@datapy/mod-kit";
import type { Configuration } from "../config/configuration-types.js";
import { loadMod } from "../contract/load-mod.js";
import { prepareParameters } from "../contract/prepare-parameters.js";
import { validateParameters } from "../contract/validate-parameters.js";
import { FaultList } from "../faults.js";
import { withLogScope } from "../logging/session-scope.js";
import { findMod } from "../registry/find-mod.js";
import { localDate } from "./local-date.js";
import { randomHex } from "./random-ids.js";
import { openRunContext } from "./run-context.js";
import { startDeadline } from "./run-deadline.js";
import type { Run } from "./run-types.js";
import type { Session } from "./session-types.js";
import type { Step } from "./step.js";

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
  const resolved = await configuration.resolve({
    mod: name,
    ...(step.stepId === undefined ? {} : { step: step.stepId }),
    schema: definition.params,
    ...(step.params === undefined ? {} : { params: step.params }),
    references: { session: { id: session.id }, run: { date: localDate(session.startedAt) }, mods: session.outcomes },
  });
  for (const secret of resolved.secrets) session.masker.add(secret);
  const faults = validateParameters({
    schema: definition.params,
    values: resolved.values,
    locate: (pointer) => resolved.locate(pointer),
    mod: name,
    secrets: resolved.secrets,
  }).filter((one: DatapyError) => options.incomplete !== true || one.code !== "DATAPY_PARAMETER_MISSING");
  if (faults.length > 0) throw new FaultList(faults);
  const prepared = prepareParameters({
    schema: definition.params,
    values: resolved.values,
    basePath: resolved.basePath,
    cwd: session.dataFolder,
  });
  for (const secret of prepared.secrets) session.masker.add(secret);

  const run = consultationOf(session, step, name, version);
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

function consultationOf(session: Session, step: Step, mod: string, version: string): Run {
  return {
    session,
    step,
    scope: undefined,
    startedAt: new Date(),
    mod,
    version,
    id: `${mod}_${randomHex(4)}`,
    inputs: [],
    recorded: false,
    opened: undefined,
    failure: undefined,
    aside: undefined,
    deadline: startDeadline({
      mod: () => mod,
      timeoutMs: step.timeoutMs,
      canceledBy: [session.signal],
      graceMs: () => session.graceMs,
    }),
    rename: () => undefined,
  };
}
