import type { ReferenceScope } from "../../config/configuration-types.js";
import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import { traceJson } from "../../config/traced-value.js";
import type { SourceLocation } from "@datapy/mod-kit";
import type { StatusQuestion } from "../conditions/condition-types.js";
import { evaluateCondition } from "../conditions/evaluate-condition.js";
import { ConditionError, parseCondition, partsOf } from "../conditions/parse-condition.js";
import { conditionFault } from "../plan/step-references.js";

/**
 * Whether the condition of a step holds.
 *
 * @throws DatapyError `DATAPY_CONDITION_INVALID`; `FaultList` where a reference that is looked at leads to nothing
 */
export async function evaluateWhen(
  when: boolean | string,
  context: {
    readonly configuration: ResolvedConfiguration;
    readonly references: ReferenceScope;
    readonly status: (question: StatusQuestion, step: string | undefined) => boolean;
    readonly location: SourceLocation | undefined;
  },
): Promise<boolean> {
  if (typeof when === "boolean") return when;
  const { configuration, references, status, location } = context;
  try {
    const condition = parseCondition(when);
    const values = new Map<string, { readonly value: unknown } | { readonly error: unknown }>();
    for (const part of partsOf(condition)) {
      if (part.kind !== "reference" || values.has(part.raw)) continue;
      const node = traceJson(part.raw, "params", { expands: true, ...(location === undefined ? {} : { location }) });
      // What is never looked at may lead to nothing: `succeeded(a) and ${mods.a.metrics.rows_output} > 0`.
      values.set(
        part.raw,
        await configuration.expandValue(node, references).then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        ),
      );
    }
    return evaluateCondition(condition, {
      status,
      value: ({ raw }) => {
        const found = values.get(raw);
        if (found !== undefined && "value" in found) return found.value;
        throw found?.error instanceof Error ? found.error : new ConditionError(`${raw} is not known`);
      },
    });
  } catch (error) {
    throw conditionFault(when, error, location);
  }
}
