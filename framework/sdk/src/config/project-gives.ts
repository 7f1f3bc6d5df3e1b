import { entryForMod } from "./config-sources.js";
import type { Configuration } from "./configuration-types.js";
import { ResolvedConfiguration } from "./resolved-configuration.js";

/** Names of the parameters that the project's defaults, its environment and its globals give a mod. */
export function projectGives(configuration: Configuration, mod: string): ReadonlySet<string> {
  if (!(configuration instanceof ResolvedConfiguration)) return new Set();
  const { project, overlay, globals } = configuration.parts;
  const layers = [entryForMod(project?.modDefaults, mod, []), entryForMod(overlay?.modDefaults, mod, []), globals];
  return new Set(layers.flatMap((layer) => [...(layer?.entries.keys() ?? [])]));
}
