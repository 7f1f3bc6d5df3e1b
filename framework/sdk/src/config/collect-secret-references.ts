import type { TemplatePart } from "./references.js";
import type { TracedObject, TracedValue } from "./traced-value.js";

/** A secret that a text asks for. */
export interface SecretReference {
  readonly provider: string;
  readonly key: string;
}

/** Secrets that values ask for, themselves or through the globals and project settings that they refer to. */
export function collectSecretReferences(
  roots: readonly TracedValue[],
  named: { readonly globals: TracedObject; readonly project: TracedObject | undefined },
): SecretReference[] {
  const found: SecretReference[] = [];
  const seen = new Set<TracedValue>();
  const visit = (value: TracedValue): void => {
    if (seen.has(value)) return;
    seen.add(value);
    if (value.kind === "object") for (const inner of value.entries.values()) visit(inner);
    else if (value.kind === "array") value.items.forEach(visit);
    else if (value.template !== undefined) visitText(value.template);
  };
  const visitText = (parts: readonly TemplatePart[]): void => {
    for (const part of parts) {
      if (part.kind === "text") continue;
      const { reference } = part;
      if (reference.kind === "secret") found.push({ provider: reference.provider, key: reference.key });
      else if (reference.kind === "globals") visitPath(named.globals, reference.path);
      else if (reference.kind === "project" && named.project !== undefined) visitPath(named.project, reference.path);
    }
  };
  const visitPath = (root: TracedValue, path: readonly string[]): void => {
    let node: TracedValue | undefined = root;
    for (const step of path) {
      if (node?.kind === "object") node = node.entries.get(step);
      else if (node?.kind === "array") node = node.items[Number(step)];
    }
    if (node !== undefined) visit(node);
  };
  roots.forEach(visit);
  return found;
}
