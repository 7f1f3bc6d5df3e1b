import { isDatapyError } from "@datapy/mod-kit";
import { layersOf } from "../config/config-sources.js";
import type { ProjectFile, ProjectLayers } from "../config/config-sources.js";
import { canonicalModKey } from "../config/mod-key.js";
import type { TracedObject } from "../config/traced-value.js";
import { fault } from "../errors.js";
import { ProjectSchema } from "../schema/project-schema.js";
import { checkGlobals, checkLogLevel, reportCircles } from "./check-globals.js";
import { checkParameters } from "./check-parameters.js";
import { checkReferences } from "./check-references.js";
import { checkSecrets } from "./check-secrets.js";
import { checkShape } from "./check-shape.js";
import { modFault } from "./finding.js";
import type { LintContext } from "./lint-context.js";

/** Checks a project file, its environments included. */
export function checkProject(project: ProjectFile, context: LintContext): void {
  checkShape(project.root, ProjectSchema, context.findings);
  checkLayers(project, context);
  for (const [key, value] of project.root.entries) {
    // These are checked part by part.
    if (["mod_defaults", "globals", "environments", "logging"].includes(key)) continue;
    checkReferences(value, { steps: undefined, item: false }, context);
    checkSecrets(value, undefined, context.findings, key);
    reportCircles(value, context);
  }
  for (const environment of project.environments?.entries.values() ?? []) {
    if (environment.kind === "object") checkLayers(layersOf(environment, "environment", []), context);
  }
}

function checkLayers(layers: ProjectLayers, context: LintContext): void {
  checkGlobals(layers.globals, context);
  if (layers.logging !== undefined) checkLogging(layers.logging, context);
  const seen = new Map<string, number>();
  for (const [key, node] of layers.modDefaults?.entries ?? []) {
    const name = canonicalModKey(key);
    const first = seen.get(name);
    if (first !== undefined) {
      context.findings.error(
        fault("DATAPY_YAML_DUPLICATE_KEY", { key: `${key} (the mod ${name})`, first }, { location: node.keyLocation }),
      );
    } else seen.set(name, node.keyLocation?.line ?? 0);
    if (node.kind === "object") checkDefaults(key, node, context);
  }
}

function checkDefaults(key: string, node: TracedObject, context: LintContext): void {
  // A step may refer to others also through its project's defaults; which steps there are, only the job says.
  checkReferences(
    node,
    { steps: undefined, whyNoSteps: "a project's defaults serve any job, and steps are a job's own", item: false },
    context,
  );
  const lookup = context.findMod(key);
  if ("mod" in lookup) {
    checkParameters(lookup.mod, node, { complete: false }, context);
    return;
  }
  checkSecrets(node, undefined, context.findings);
  if (!("error" in lookup)) return;
  if (!isDatapyError(lookup.error)) throw lookup.error;
  // A project serves machines that have not all the same mods.
  context.findings.warning(modFault(lookup.error, key, node.keyLocation));
}

function checkLogging(logging: TracedObject, context: LintContext): void {
  checkReferences(
    logging,
    { steps: undefined, whyNoSteps: "logging is set up before any step has run", item: false },
    context,
  );
  checkLogLevel(logging.entries.get("level"), context);
}
