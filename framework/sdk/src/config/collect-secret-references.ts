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
  // A list and not recursion: globals may lead from one to the next for longer than the stack is deep.
  const left: TracedValue[] = roots.toReversed();
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (value.kind === "object") left.push(...[...value.entries.values()].reverse());
    else if (value.kind === "array") left.push(...value.items.toReversed());
    else {
      for (const part of value.template ?? []) {
        if (part.kind === "text") continue;
        const { reference } = part;
        if (reference.kind === "secret") found.push({ provider: reference.provider, key: reference.key });
        const root =
          reference.kind === "globals" ? named.globals : reference.kind === "project" ? named.project : undefined;
        const referred =
          root === undefined ? undefined : valueAt(root, (reference as { path: readonly string[] }).path);
        if (referred !== undefined) left.push(referred);
      }
    }
  }
  return found;
}

function valueAt(root: TracedValue, path: readonly string[]): TracedValue | undefined {
  let node: TracedValue | undefined = root;
  for (const step of path) {
    if (node?.kind === "object") node = node.entries.get(step);
    else if (node?.kind === "array") node = node.items[Number(step)];
  }
  return node;
}
