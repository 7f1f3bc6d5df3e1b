import type { Configuration } from "./configuration-types.js";
import { ResolvedConfiguration } from "./resolved-configuration.js";
import type { TracedObject } from "./traced-value.js";

/** A step of a job file of either form: its id, and the mod that it runs. */
export interface OutlinedStep {
  readonly id: string;
  readonly mod: string;
}

/** The steps of the file that a configuration was loaded with, in file order; `undefined` for a flat file of parameters, or none. */
export function jobOutline(configuration: Configuration): readonly OutlinedStep[] | undefined {
  const file = configuration instanceof ResolvedConfiguration ? configuration.parts.runFile : undefined;
  if (file === undefined || file.form === "flat") return undefined;
  if (file.form === "simple") return [...(file.mods?.entries.keys() ?? [])].map((key) => ({ id: key, mod: key }));
  return file.steps.flatMap((step) => {
    const [id, mod] = [textAt(step, "id"), textAt(step, "mod")];
    return id === undefined || mod === undefined ? [] : [{ id, mod }];
  });
}

function textAt(node: TracedObject, key: string): string | undefined {
  const value = node.entries.get(key);
  return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
}
