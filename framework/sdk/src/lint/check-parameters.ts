import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { SourceLocation } from "@datapy/mod-kit";
import { absolutePath, isUrl } from "../config/absolute-path.js";
import { BASE_PATH } from "../config/layer-parameters.js";
import { hasTemplate } from "../config/references.js";
import { itemsOf, propertiesOf, propertyOf, semanticsOf, typesOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import type { TracedObject, TracedScalar, TracedValue } from "../config/traced-value.js";
import { pointerSteps, pointerTo } from "../config/yaml-document.js";
import { parameterFaults } from "../contract/parameter-faults.js";
import { fault } from "../errors.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import { checkSecrets } from "./check-secrets.js";
import type { LintContext } from "./lint-context.js";

/** What to leave out of the check of a mod's parameters. */
export interface ParameterRules {
  /** Whether what is required must be there: not in a layer that others add to. */
  readonly complete: boolean;
  /** Required parameters that something else gives, such as `input_artifact` in a job's simple form. */
  readonly given?: ReadonlySet<string>;
}

/** Checks the layered parameters of a mod against its manifest: every fault at the place where the value was written. */
export function checkParameters(
  mod: RegisteredMod,
  merged: TracedObject,
  rules: ParameterRules,
  context: LintContext,
): void {
  const schema = mod.manifest?.params;
  if (schema === undefined) return;
  const open = new Map<string, "any" | "text">();
  const values = plainValue(merged, "", open) as Record<string, unknown>;
  if (!propertiesOf(schema).has(BASE_PATH)) delete values[BASE_PATH];
  for (const { pointer, error } of parameterFaults({
    schema,
    values,
    locate: (at) => locate(merged, schema, at),
    mod: mod.name,
  })) {
    if (error.code === "DATAPY_PARAMETER_MISSING" && isGiven(pointer, rules)) continue;
    if (!isUndecided(pointer, error.code, schema, open)) context.findings.error(error);
  }
  checkSecrets(merged, schema, context.findings);
  checkDeprecated(merged, schema, context);
  checkPaths(merged, schema, merged.entries.get(BASE_PATH), context);
}

function isGiven(pointer: string, { complete, given }: ParameterRules): boolean {
  return !complete || given?.has(pointerSteps(pointer).join(".")) === true;
}

/** Whether a reference, whose value only the run knows, may set right what is wrong at `pointer`. */
function isUndecided(
  pointer: string,
  code: string,
  schema: JsonSchema,
  open: ReadonlyMap<string, "any" | "text">,
): boolean {
  if (code === "DATAPY_PARAMETER_UNKNOWN") return false;
  const own = open.get(pointer);
  // A text with a reference in the middle stays a text, whatever is put in.
  if (own === "text") return takesText(schema, pointer);
  if (own !== undefined) return true;
  for (const [at, kind] of open) {
    if (pointer.startsWith(`${at}/`)) return true;
    if (kind === "any" && at.startsWith(`${pointer}/`) && code !== "DATAPY_PARAMETER_MISSING") return true;
  }
  return false;
}

function takesText(schema: JsonSchema, pointer: string): boolean {
  let described: JsonSchema | undefined = schema;
  for (const step of pointerSteps(pointer)) {
    described = propertyOf(described, step) ?? (/^\d+$/.test(step) ? itemsOf(described) : undefined);
  }
  const types = described === undefined ? undefined : typesOf(described);
  return types === undefined || types.has("string");
}

/** The value as far as it is known; notes where references leave it open. `$${` is written out. */
function plainValue(node: TracedValue, pointer: string, open: Map<string, "any" | "text">): unknown {
  if (node.kind === "array") return node.items.map((item, index) => plainValue(item, pointerTo(pointer, index), open));
  if (node.kind === "scalar") return plainText(node, pointer, open);
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, inner] of node.entries) object[key] = plainValue(inner, pointerTo(pointer, key), open);
  return object;
}

function plainText(
  { value, template: parts }: TracedScalar,
  pointer: string,
  open: Map<string, "any" | "text">,
): unknown {
  if (parts === undefined) return value;
  if (parts.some((part) => part.kind === "reference")) open.set(pointer, parts.length === 1 ? "any" : "text");
  return parts.map((part) => (part.kind === "text" ? part.text : part.raw)).join("");
}

/** Where a fault is shown: a value that fits no parameter at its key, what is missing at the mod's key, all else at the value. */
function locate(root: TracedObject, schema: JsonSchema, pointer: string): SourceLocation | undefined {
  let node: TracedValue = root;
  let described: JsonSchema | undefined = schema;
  let location = root.location;
  for (const step of pointerSteps(pointer)) {
    const next: TracedValue | undefined =
      node.kind === "object" ? node.entries.get(step) : node.kind === "array" ? node.items[Number(step)] : undefined;
    if (next === undefined) return node === root ? location : (node.keyLocation ?? node.location ?? location);
    const inner: JsonSchema | undefined = node.kind === "array" ? itemsOf(described) : propertyOf(described, step);
    const isUnknown = node.kind === "object" && inner === undefined;
    node = next;
    described = inner;
    location = (isUnknown ? next.keyLocation : next.location) ?? location;
  }
  return location;
}

function checkDeprecated(value: TracedValue, schema: JsonSchema, context: LintContext): void {
  if (value.kind === "array") {
    const items = itemsOf(schema);
    if (items !== undefined) for (const item of value.items) checkDeprecated(item, items, context);
  }
  if (value.kind !== "object") return;
  for (const [key, inner] of value.entries) {
    const property = propertyOf(schema, key);
    if (property === undefined) continue;
    if (property["deprecated"] === true && inner.layer !== "default") {
      const { description } = property;
      const hint = typeof description === "string" ? description : undefined;
      context.findings.warning(
        fault(
          "DATAPY_NAME_DEPRECATED",
          { what: `parameter ${key}` },
          { location: inner.keyLocation ?? inner.location, hint },
        ),
      );
    }
    checkDeprecated(inner, property, context);
  }
}

const GLOB = /[*?[\]{}]/;

/** Warns of inputs that are not there. Of a glob, the folder above its first wildcard must be. */
function checkPaths(
  value: TracedValue,
  schema: JsonSchema | undefined,
  base: TracedValue | undefined,
  context: LintContext,
): void {
  if (value.kind === "object") {
    for (const [key, inner] of value.entries) checkPaths(inner, propertyOf(schema, key), base, context);
    return;
  }
  if (value.kind === "array") {
    for (const item of value.items) checkPaths(item, itemsOf(schema), base, context);
    return;
  }
  const meaning = semanticsOf(schema);
  if (meaning?.kind !== "path" || meaning.access !== "read" || typeof value.value !== "string" || value.value === "")
    return;
  const written = value.value;
  if (hasTemplate(written) || isUrl(written)) return;
  const folder = baseFolder(base, context.cwd);
  if (folder === undefined) return;
  const path = absolutePath(written, folder);
  const wildcard = path.search(GLOB);
  const needed = wildcard === -1 || existsSync(path) ? path : dirname(`${path.slice(0, wildcard)}x`);
  const found = statSync(needed, { throwIfNoEntry: false });
  const { target } = meaning;
  const isRight =
    found !== undefined && (needed !== path || target === "any" || (target === "directory") === found.isDirectory());
  if (!isRight) {
    const detail = found === undefined ? "is not there" : target === "directory" ? "is no folder" : "is a folder";
    context.findings.warning(fault("DATAPY_PATH_MISSING", { path: needed, detail }, { location: value.location }));
  }
}

/** `undefined` where base_path depends on a reference or is a URL. */
function baseFolder(base: TracedValue | undefined, cwd: string): string | undefined {
  if (base === undefined) return cwd;
  if (base.kind !== "scalar" || typeof base.value !== "string")
    return base.kind === "scalar" && base.value === null ? cwd : undefined;
  return hasTemplate(base.value) || isUrl(base.value) ? undefined : absolutePath(base.value, cwd);
}
