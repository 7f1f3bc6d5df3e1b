import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import type { ExpectationParams } from "../params.js";
import { qualityError } from "../quality-error.js";
import type { CheckContext } from "./check-context.js";
import { controlTotal } from "./control-total.js";
import type { Finding, Outcome } from "./outcome.js";
import { reconciliation } from "./reconciliation.js";
import { completeness, expression, freshness, schema, uniqueness } from "./row-checks.js";
import { distribution, rowCount } from "./statistic-checks.js";

/** Holds the data against every expectation. Throws `QUALITY_BAD_EXPECTATION` (20), which names all that cannot be judged. */
export async function evaluate(around: CheckContext, expectations: readonly ExpectationParams[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const faults: string[] = [];
  const names = new Set<string>();
  // What one cannot be judged by may have its own hint; several have nothing in common but the parameter.
  let first: DatapyError | undefined;
  let firstIndex: number | undefined;
  for (const [index, given] of expectations.entries()) {
    const name = given.name ?? defaultName(given);
    const where = `expectations[${String(index)}] (${given.check})`;
    if (names.has(name)) {
      faults.push(`${where}: there is another called ${JSON.stringify(name)}: give it a \`name\``);
      firstIndex ??= index;
    }
    names.add(name);
    try {
      const found = await findingOf(around, given, name);
      outcomes.push({ name, check: given.check, severity: given.severity ?? "error", value: undefined, ...found });
    } catch (error) {
      if (!isDatapyError(error) || error.code !== "QUALITY_BAD_EXPECTATION") throw error;
      first ??= error;
      firstIndex ??= index;
      faults.push(`${where}: ${error.message}`);
    }
  }
  if (faults.length > 0) {
    throw qualityError("QUALITY_BAD_EXPECTATION", faults.join("; "), {
      cause: first,
      parameter: ["expectations", firstIndex ?? 0],
      ...(first?.hint === undefined ? {} : { hint: first.hint }),
    });
  }
  return outcomes;
}

async function findingOf(around: CheckContext, given: ExpectationParams, name: string): Promise<Finding> {
  switch (given.check) {
    case "completeness":
      return completeness(around, given);
    case "uniqueness":
      return uniqueness(around, given);
    case "freshness":
      return freshness(around, given);
    case "row_count":
      return rowCount(around, given, name);
    case "distribution":
      return distribution(around, given, name);
    case "schema":
      return schema(around, given);
    case "expression":
      return expression(around, given);
    case "control_total":
      return controlTotal(around, given);
    case "reconciliation":
      return reconciliation(around, given);
  }
}

function defaultName(given: ExpectationParams): string {
  switch (given.check) {
    case "expression":
      return given.expression;
    case "distribution":
      return `${given.statistic}${given.quantile === undefined ? "" : ` ${String(given.quantile)}`}(${given.column})`;
    case "completeness":
    case "freshness":
      return `${given.check}(${given.column})`;
    case "control_total":
      return `${given.check}(${given.column ?? "rows"})`;
    case "uniqueness":
      return `${given.check}(${given.columns.join(", ")})`;
    default:
      return given.check;
  }
}
