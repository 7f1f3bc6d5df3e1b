import type { DatapyError, ModDefinition } from "@datapy/mod-kit";
import type { Configuration, ReferenceScope, ResolvedParameters } from "../config/configuration-types.js";
import { prepareParameters } from "../contract/prepare-parameters.js";
import type { PreparedParameters } from "../contract/prepare-parameters.js";
import { validateParameters } from "../contract/validate-parameters.js";
import { FaultList } from "../faults.js";
import type { Session } from "./session-types.js";
import type { Step } from "./step.js";

/** What {@link validParameters} is asked for. */
export interface ParametersRequest {
  readonly session: Session;
  readonly configuration: Configuration;
  readonly step: Step;
  readonly definition: ModDefinition;
  readonly references: ReferenceScope;
  /** Faults that do not matter here. Default none. */
  readonly forgives?: (fault: DatapyError) => boolean;
}

/** Parameters of a run, with where they came from, and as the mod gets them. */
export interface ValidParameters {
  readonly resolved: ResolvedParameters;
  readonly prepared: PreparedParameters;
}

/**
 * The stretch of the road from the loaded mod to its parameters: layered, with references in place, valid, paths absolute. Every secret
 * among them is masked from here on.
 *
 * @throws FaultList with everything that is wrong
 */
export async function validParameters(request: ParametersRequest): Promise<ValidParameters> {
  const { session, configuration, step, definition, references, forgives } = request;
  const schema = definition.params;
  const mod = definition.metadata.name;
  const resolved = await configuration.resolve({
    mod,
    ...(step.stepId === undefined ? {} : { step: step.stepId }),
    schema,
    ...(step.params === undefined ? {} : { params: step.params }),
    references,
  });
  for (const secret of resolved.secrets) session.masker.add(secret);
  const { values, secrets, basePath } = resolved;
  const faults = validateParameters({ schema, values, locate: (pointer) => resolved.locate(pointer), mod, secrets });
  const serious = forgives === undefined ? faults : faults.filter((one) => !forgives(one));
  if (serious.length > 0) throw new FaultList(serious);
  const prepared = prepareParameters({ schema, values, basePath, cwd: session.dataFolder });
  for (const secret of prepared.secrets) session.masker.add(secret);
  return { resolved, prepared };
}
