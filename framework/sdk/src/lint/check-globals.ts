import { isDatapyError } from "@datapy/mod-kit";
import type { RunFile } from "../config/config-sources.js";
import { Expander } from "../config/expander.js";
import { FRAMEWORK_GLOBALS } from "../config/framework-globals.js";
import { propertiesOf } from "../config/schema-properties.js";
import type { TracedObject, TracedValue } from "../config/traced-value.js";
import { fault } from "../errors.js";
import { parseLogLevel } from "../logging/log-level.js";
import { checkReferences } from "./check-references.js";
import { checkSecrets } from "./check-secrets.js";
import type { LintContext, LintStep } from "./lint-context.js";

const NO_STEPS = "globals are read before any step has run";

/** Checks the globals of a job or project: references, circles, secrets in plain. */
export function checkGlobals(globals: TracedObject | undefined, context: LintContext): void {
  if (globals === undefined) return;
  checkReferences(globals, { steps: undefined, whyNoSteps: NO_STEPS, item: false }, context);
  checkSecrets(globals, undefined, context.findings);
  checkLogLevel(globals.entries.get("log_level"), context);
  reportCircles(globals, context);
}

/** Checks a log level that stands in a file as it is. */
export function checkLogLevel(node: TracedValue | undefined, context: LintContext): void {
  if (node?.kind !== "scalar" || typeof node.value !== "string" || node.value.includes("${")) return;
  try {
    parseLogLevel(node.value);
  } catch (error) {
    if (!isDatapyError(error)) throw error;
    context.findings.error(
      fault("DATAPY_LOG_LEVEL_UNKNOWN", { given: JSON.stringify(node.value) }, { location: node.location }),
    );
  }
}

/** References that go round in a circle, or on and on, found by expanding: every other fault of it is found elsewhere. */
export function reportCircles(value: TracedValue, context: LintContext): void {
  const { globals, project } = context.parts;
  const expander = new Expander({
    globals,
    project: project?.root,
    env: {},
    session: { id: "" },
    run: { date: "" },
    mods: {},
    item: undefined,
    added: undefined,
    preview: true,
    secret: () => ({ value: "" }),
    places: { globals: "", project: "" },
  });
  const faults: Parameters<Expander["expandTree"]>[1] = [];
  expander.expandTree(value, faults);
  const own = ["DATAPY_REFERENCE_CYCLE", "DATAPY_REFERENCE_CHAIN"];
  for (const one of faults) if (own.includes(one.code)) context.findings.error(one);
}

/** Warns of globals of a job that neither a mod of it nor a reference nor the host uses. */
export function checkUnusedGlobals(file: RunFile, steps: readonly LintStep[], context: LintContext): void {
  if (file.form === "flat" || file.globals === undefined) return;
  const used = new Set(Object.keys(FRAMEWORK_GLOBALS));
  for (const { lookup, mod } of steps) {
    const schema = lookup !== undefined && "mod" in lookup ? lookup.mod.manifest?.params : undefined;
    // What an unknown mod, or a job that is run as a step, takes is not known.
    if (schema === undefined) {
      if (mod !== undefined || lookup === undefined) return;
      continue;
    }
    for (const name of propertiesOf(schema).keys()) used.add(name);
  }
  noteReferences(file.root, used);
  if (context.parts.project !== undefined) noteReferences(context.parts.project.root, used);
  for (const [name, value] of file.globals.entries) {
    if (!used.has(name))
      context.findings.warning(fault("DATAPY_GLOBAL_UNUSED", { name }, { location: value.keyLocation }));
  }
}

function noteReferences(value: TracedValue, used: Set<string>): void {
  if (value.kind === "object") for (const inner of value.entries.values()) noteReferences(inner, used);
  else if (value.kind === "array") for (const item of value.items) noteReferences(item, used);
  else {
    for (const part of value.template ?? []) {
      if (part.kind === "reference" && part.reference.kind === "globals") used.add(part.reference.path[0] ?? "");
    }
  }
}
