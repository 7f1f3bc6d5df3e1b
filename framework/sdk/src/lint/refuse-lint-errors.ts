import { isDatapyError } from "@datapy/mod-kit";
import { closestName } from "../config/closest-name.js";
import type { Configuration } from "../config/configuration-types.js";
import { allowedProviders } from "../config/load-configuration.js";
import { canonicalModKey } from "../config/mod-key.js";
import { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { FaultList, shownFaults } from "../faults.js";
import { discoverMods } from "../registry/discover-mods.js";
import { findMod } from "../registry/find-mod.js";
import type { Registry } from "../registry/registry-types.js";
import { ProjectSchema } from "../schema/project-schema.js";
import { checkJob } from "./check-job.js";
import { checkShape } from "./check-shape.js";
import { FindingList } from "./finding.js";
import type { LintContext, ModLookup } from "./lint-context.js";

/**
 * Refuses to run from files that lint finds errors in, before anything starts. With the environment and `--set` values of this very
 * run: the job file is checked whole, of the project file its shape and what the job takes from it. A flat file of parameters is
 * checked by the run itself, with values in place of its references.
 *
 * @throws FaultList of all errors. Warnings do not keep a run from starting.
 */
export function refuseLintErrors(request: {
  readonly configuration: Configuration;
  /** The one mod that `run-mod` runs: mods that are not installed and that other parts of a job name are then let be. */
  readonly mod?: string;
  /** Whether that mod comes from an installed package. One that a path or a script gives may have others of its kind beside it. */
  readonly installed?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: a new discovery, when it is needed. */
  readonly registry?: Registry;
}): void {
  const { configuration } = request;
  if (!(configuration instanceof ResolvedConfiguration) || checked.has(configuration)) return;
  const { parts } = configuration;
  const findings = new FindingList();
  if (parts.project !== undefined) checkShape(parts.project.root, ProjectSchema, findings);
  if (parts.runFile !== undefined && parts.runFile.form !== "flat") {
    const context: LintContext = {
      parts,
      findings,
      findMod: modFinder(request),
      cwd: configuration.cwd,
      providers: new Set(allowedProviders(parts.project, []).keys()),
    };
    checkJob(parts.runFile, context);
  }
  const faults = findings.all.filter(({ severity }) => severity === "error").map(({ error }) => error);
  if (faults.length > 0) throw new FaultList(shownFaults(faults));
  checked.add(configuration);
}

// What was found clean stays so: a configuration does not change.
const checked = new WeakSet<Configuration>();

function modFinder({
  configuration,
  env,
  registry,
  mod,
  installed = true,
}: Parameters<typeof refuseLintErrors>[0]): (reference: string) => ModLookup {
  let discovered = registry;
  const known = new Map<string, ModLookup>();
  return (reference) => {
    let lookup = known.get(reference);
    if (lookup === undefined) {
      discovered ??= discoverMods({ cwd: configuration.cwd, env, projectFile: configuration.project?.file });
      lookup = lookUp(reference, configuration.cwd, env, discovered);
      if ("error" in lookup && mod !== undefined && (!installed || isNoMatterOf(mod, reference)))
        lookup = { ignored: true };
      known.set(reference, lookup);
    }
    return lookup;
  };
}

function lookUp(
  reference: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  registry: Registry,
): ModLookup {
  try {
    return { mod: findMod(reference, { cwd, env, registry }) };
  } catch (error) {
    if (!isDatapyError(error)) throw error;
    return { error };
  }
}

/** A mod that is not installed is no matter of another mod's run, unless its name is a slip for that mod's. */
function isNoMatterOf(mod: string, reference: string): boolean {
  const [own, named] = [canonicalModKey(mod), canonicalModKey(reference)];
  return own !== named && closestName(named, [own]) === undefined;
}
