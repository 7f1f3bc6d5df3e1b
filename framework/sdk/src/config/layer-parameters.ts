import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { applyDefaults } from "./apply-defaults.js";
import { entryForMod, section } from "./config-sources.js";
import type { RunFile } from "./config-sources.js";
import type { ResolveRequest } from "./configuration-types.js";
import { canonicalModKey } from "./mod-key.js";
import { nestValue } from "./parse-set.js";
import type { ConfigurationParts } from "./resolved-configuration.js";
import { propertiesOf } from "./schema-properties.js";
import { NotJsonError, emptyObject, mergeLayers, traceJson } from "./traced-value.js";
import type { TracedObject, TracedValue } from "./traced-value.js";

/** A global that every mod inherits, whether or not it declares it: what relative paths are taken from. */
export const BASE_PATH = "base_path";

/** The place of parameters that a script gave, until somebody asks for the line of its call. */
export const CALL_IN_SCRIPT = "runMod";

/**
 * JSON Schema keyword of a parameter: mods whose project defaults it takes where it has no value of its own, as a list, or as
 * `{ mods, unless }` with parameters that stand in for it: where one of them has a value, nothing is taken.
 */
export const INHERITS_KEYWORD = "x-datapy-inherits";

/**
 * The parameters of one mod, layer upon layer: its defaults, the project's `mod_defaults`, the environment's, the globals that are
 * parameters of it, what the job or the file of `-p` or the script gives it, and `--set`. Nothing is expanded yet.
 */
export function layerParameters(
  parts: Pick<ConfigurationParts, "project" | "overlay" | "globals" | "runFile" | "sets"> & {
    readonly script?: string | undefined;
  },
  request: Pick<ResolveRequest, "mod" | "step" | "schema" | "params">,
  faults: DatapyError[],
): TracedObject {
  const isScript = parts.script !== undefined;
  const given =
    isScript && parts.runFile?.form === "flat" ? undefined : givenParameters(parts.runFile, request, faults);
  const layers: (TracedObject | undefined)[] = [
    emptyObject("default"),
    entryForMod(parts.project?.modDefaults, request.mod, faults),
    entryForMod(parts.overlay?.modDefaults, request.mod, faults),
    applicableGlobals(parts.globals, request.schema),
    given,
    scriptParameters(request.params, faults),
    ...setParameters(parts.sets, isScript ? ["step"] : ["step", "mod"], request.step ?? request.mod),
  ];
  const own = mergeLayers(layers.filter((layer) => layer !== undefined));
  const merged = mergeLayers([...inheritedDefaults(parts, request.schema, own, faults), own]);
  // What is missing is missing where the mod's parameters were given.
  const location = given?.keyLocation ?? given?.location ?? parts.runFile?.root.location;
  return applyDefaults(merged.at(location), request.schema);
}

/**
 * Values that a parameter takes from the `mod_defaults` of other mods, where the project gives none for its own mod: so a parameter's
 * schema says by `x-datapy-inherits`, a list of mods. A project then names its database once, for reader and writer.
 */
function inheritedDefaults(
  parts: Pick<ConfigurationParts, "project" | "overlay">,
  schema: ResolveRequest["schema"],
  own: TracedObject,
  faults: DatapyError[],
): TracedObject[] {
  const layers: TracedObject[] = [];
  for (const [name, property] of propertiesOf(schema)) {
    const { mods: sources, unless } = inheritance(property[INHERITS_KEYWORD]);
    if (unless.some((one) => own.entries.has(one))) continue;
    for (const source of sources.toReversed()) {
      for (const defaults of [parts.project?.modDefaults, parts.overlay?.modDefaults]) {
        const value = entryForMod(defaults, String(source), faults)?.entries.get(name);
        if (value !== undefined) layers.push(emptyObject(value.layer).withEntries(new Map([[name, value]])));
      }
    }
  }
  return layers;
}

function inheritance(keyword: unknown): { readonly mods: readonly unknown[]; readonly unless: readonly string[] } {
  if (Array.isArray(keyword)) return { mods: keyword, unless: [] };
  if (typeof keyword !== "object" || keyword === null) return { mods: [], unless: [] };
  const { mods, unless } = keyword as { readonly mods?: unknown; readonly unless?: unknown };
  return { mods: Array.isArray(mods) ? mods : [], unless: Array.isArray(unless) ? unless.map(String) : [] };
}

/** The globals that reach a mod: those that it declares as parameters, and `base_path`. */
function applicableGlobals(globals: TracedObject, schema: ResolveRequest["schema"]): TracedObject {
  const declared = propertiesOf(schema);
  const entries = new Map<string, TracedValue>();
  for (const [name, value] of globals.entries) if (name === BASE_PATH || declared.has(name)) entries.set(name, value);
  return globals.withEntries(entries);
}

/** What the file of the run gives the mod: all of a flat file, or its part of a job. */
function givenParameters(
  file: RunFile | undefined,
  request: Pick<ResolveRequest, "mod" | "step">,
  faults: DatapyError[],
): TracedObject | undefined {
  switch (file?.form) {
    case undefined:
      return undefined;
    case "flat":
      return file.root;
    case "simple":
      return entryForMod(file.mods, request.step ?? request.mod, faults);
    case "graph": {
      const step = graphStep(file, request, faults);
      // What is missing in a step that gives nothing is missing there, and not at the top of the file.
      return section(step, "params", faults) ?? (step === undefined ? undefined : emptyObject("params", step.location));
    }
  }
}

function graphStep(
  file: RunFile & { form: "graph" },
  request: Pick<ResolveRequest, "mod" | "step">,
  faults: DatapyError[],
): TracedObject | undefined {
  const { step } = request;
  if (step !== undefined) {
    const index = stepIndex(file);
    return index.get(step) ?? index.get(stepKey(step));
  }
  const wanted = canonicalModKey(request.mod);
  const [first, second, ...others] = file.steps.filter((one) => canonicalModKey(textAt(one, "mod")) === wanted);
  if (first === undefined || second === undefined) return first;
  const names = [first, second, ...others].map((one) => textAt(one, "id"));
  const details = { mod: request.mod, steps: names.join(", "), file: file.document.name };
  faults.push(fault("DATAPY_STEP_AMBIGUOUS", details, { location: second.location }));
  return undefined;
}

/** Steps of a file by their id, and by their id with `-` and `_` alike. A file may have thousands. */
const indexes = new WeakMap<RunFile, ReadonlyMap<string, TracedObject>>();

function stepIndex(file: RunFile & { form: "graph" }): ReadonlyMap<string, TracedObject> {
  let index = indexes.get(file);
  if (index === undefined) {
    const steps = new Map<string, TracedObject>();
    for (const key of [(id: string) => id, stepKey]) {
      for (const step of file.steps) {
        const id = key(textAt(step, "id"));
        if (!steps.has(id)) steps.set(id, step);
      }
    }
    index = steps;
    indexes.set(file, index);
  }
  return index;
}

function stepKey(id: string): string {
  return id.replaceAll("-", "_");
}

function scriptParameters(params: ResolveRequest["params"], faults: DatapyError[]): TracedObject | undefined {
  if (params === undefined) return undefined;
  try {
    return traceJson(params, "params", { location: { file: CALL_IN_SCRIPT } }) as TracedObject;
  } catch (error) {
    if (!(error instanceof NotJsonError)) throw error;
    const what = `parameter ${error.pointer.slice(1).replaceAll("/", ".") || "object"}`;
    faults.push(fault("DATAPY_PARAMETER_NOT_JSON", { what, given: error.given }, { cause: error }));
    return undefined;
  }
}

/** What `--set` gives to a mod or step, or (without one) to a script. */
export function setParameters(
  sets: ConfigurationParts["sets"],
  kinds: readonly ("mod" | "step")[],
  own: string,
): TracedObject[] {
  return sets
    .filter(
      ({ target }) =>
        target.kind !== "globals" &&
        kinds.includes(target.kind) &&
        (target.kind === "mod" || sameKey(target.step, own)),
    )
    .map((set) => nestValue(set.path, set.value));
}

function sameKey(one: string, other: string): boolean {
  return one === other || canonicalModKey(one) === canonicalModKey(other);
}

function textAt(node: TracedObject, key: string): string {
  const value = node.entries.get(key);
  return value?.kind === "scalar" && typeof value.value === "string" ? value.value : "";
}
