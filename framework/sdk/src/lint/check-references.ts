import type { SourceLocation } from "@datapy/mod-kit";
import { closestName } from "../config/closest-name.js";
import { listOf } from "../config/expander.js";
import { hasTemplate, shownReference } from "../config/references.js";
import type { Reference, TemplatePart } from "../config/references.js";
import type { TracedObject, TracedScalar, TracedValue } from "../config/traced-value.js";
import { fault } from "../errors.js";
import type { LintContext, LintStep } from "./lint-context.js";

/** Steps by their id, in which `-` and `_` are alike. */
export type StepIndex = ReadonlyMap<string, LintStep>;

/** What a step is found by. */
export function stepKey(id: string): string {
  return id.replaceAll("-", "_");
}

/** Steps by {@link stepKey}; of several with one id, the first. */
export function indexSteps(steps: readonly LintStep[]): Map<string, LintStep> {
  const index = new Map<string, LintStep>();
  for (const step of steps) if (!index.has(stepKey(step.id))) index.set(stepKey(step.id), step);
  return index;
}

/** Where the texts that are checked stand. */
export interface ReferenceRules {
  /** Steps that can be referred to; `undefined` where there are none: in globals, project settings and flat parameters. */
  readonly steps: StepIndex | undefined;
  /** Why `${mods.…}` cannot stand here, where `steps` is undefined. */
  readonly whyNoSteps?: string;
  /** Whether only steps that stand before this one can be referred to. */
  readonly ordered?: boolean;
  readonly item: boolean;
}

type Refuse = (detail: string, near?: string) => void;

/** Checks every reference in a tree of values, and tells `refersTo` of each step that is referred to. */
export function checkReferences(
  value: TracedValue,
  rules: ReferenceRules,
  context: LintContext,
  refersTo: (step: LintStep, location: SourceLocation | undefined) => void = () => undefined,
): void {
  if (value.kind === "object") {
    for (const inner of value.entries.values()) checkReferences(inner, rules, context, refersTo);
  } else if (value.kind === "array") {
    for (const item of value.items) checkReferences(item, rules, context, refersTo);
  } else if (value.template !== undefined) checkText(value, value.template, rules, context, refersTo);
}

function checkText(
  node: TracedScalar,
  parts: readonly TemplatePart[],
  rules: ReferenceRules,
  context: LintContext,
  refersTo: (step: LintStep, location: SourceLocation | undefined) => void,
): void {
  for (const part of parts) {
    if (part.kind === "text") continue;
    const locate = (): SourceLocation | undefined => node.locateInside(part.index, part.raw);
    const shown = shownReference(part.raw);
    const refuse: Refuse = (detail, near) => {
      const hint = near === undefined ? undefined : `Did you mean ${near}?`;
      const details = { reference: shown, detail };
      context.findings.error(fault("DATAPY_REFERENCE_UNKNOWN", details, { location: locate(), hint }));
    };
    const { reference } = part;
    switch (reference.kind) {
      case "faulty":
        context.findings.error(
          fault("DATAPY_REFERENCE_SYNTAX", { reference: shown, detail: reference.detail }, { location: locate() }),
        );
        break;
      case "globals":
        checkPath(context.parts.globals, "globals", reference.path, refuse);
        break;
      case "project":
        if (context.parts.project === undefined) refuse("there is no project_defaults.yaml");
        else checkPath(context.parts.project.root, "project", reference.path, refuse);
        break;
      case "mods":
        if (rules.steps === undefined) refuse(rules.whyNoSteps ?? "there are no steps here");
        else checkStep(reference, rules, refuse, (step) => refersTo(step, locate()));
        break;
      case "item":
        if (!rules.item) refuse("only a step with foreach has an item");
        break;
      case "secret":
        if (!context.providers.has(reference.provider)) {
          const details = { reference: shown, provider: reference.provider, detail: "the project does not allow" };
          context.findings.error(fault("DATAPY_SECRET_PROVIDER", details, { location: locate() }));
        }
        break;
      // What the environment holds, and what a session is called, shows only when it runs.
      case "env":
      case "session":
      case "run":
        break;
    }
  }
}

function checkPath(root: TracedObject, namespace: string, path: readonly string[], refuse: Refuse): void {
  let node: TracedValue = root;
  for (const [index, step] of path.entries()) {
    const next: TracedValue | undefined =
      node.kind === "object" ? node.entries.get(step) : node.kind === "array" ? node.items[Number(step)] : undefined;
    if (next !== undefined) {
      node = next;
      continue;
    }
    // What a reference gives may hold the rest of the path.
    if (node.kind === "scalar" && typeof node.value === "string" && hasTemplate(node.value)) return;
    const names = node.kind === "object" ? [...node.entries.keys()] : [];
    return refuseUnknown(refuse, `there is no ${[namespace, ...path.slice(0, index + 1)].join(".")}`, step, names);
  }
}

function checkStep(
  reference: Reference & { kind: "mods" },
  { steps = new Map(), ordered = false }: ReferenceRules,
  refuse: Refuse,
  refersTo: (step: LintStep) => void,
): void {
  const step = steps.get(stepKey(reference.step));
  if (step === undefined) {
    return refuseUnknown(
      refuse,
      ordered ? "there is no such step before this one" : "the job has no such step",
      reference.step,
      [...steps.values()].map((one) => one.id),
    );
  }
  refersTo(step);
  const key = reference.path.join(".");
  const artifacts = step.lookup !== undefined && "mod" in step.lookup ? step.lookup.mod.manifest?.artifacts : undefined;
  if (reference.part !== "artifacts" || artifacts === undefined || Object.hasOwn(artifacts, key)) return;
  refuseUnknown(refuse, `step ${step.id} makes no artifact ${key}`, key, Object.keys(artifacts));
}

function refuseUnknown(refuse: Refuse, detail: string, name: string, known: readonly string[]): void {
  refuse(known.length === 0 ? detail : `${detail} (there is ${listOf(known)})`, closestName(name, known));
}
