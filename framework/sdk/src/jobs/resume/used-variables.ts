import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import type { TracedValue } from "../../config/traced-value.js";
import type { Session } from "../../runner/session-types.js";

/** Environment variables that the files of a job name by `${env.X}`, with their values; those whose value is a secret are left out. */
export function usedVariables(
  configuration: ResolvedConfiguration,
  others: readonly ResolvedConfiguration[],
  session: Pick<Session, "env" | "masker">,
): Record<string, string | null> {
  const names = new Set<string>();
  for (const { parts } of [configuration, ...others]) {
    const roots = [parts.runFile?.root, parts.project?.root, ...parts.sets.map(({ value }) => value)];
    for (const root of roots) if (root !== undefined) collect(root, names);
  }
  const variables: Record<string, string | null> = {};
  for (const name of [...names].sort()) {
    const value = Object.hasOwn(session.env, name) ? session.env[name] : undefined;
    if (value === undefined) variables[name] = null;
    else if (session.masker.mask(value) === value) variables[name] = value;
  }
  return variables;
}

function collect(node: TracedValue, names: Set<string>): void {
  if (node.kind === "object") for (const inner of node.entries.values()) collect(inner, names);
  else if (node.kind === "array") for (const item of node.items) collect(item, names);
  else {
    for (const part of node.template ?? [])
      if (part.kind === "reference" && part.reference.kind === "env") names.add(part.reference.name);
  }
}
