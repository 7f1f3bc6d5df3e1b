import type { ErrorObject } from "ajv";
import { propertiesOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import { isSchema, resolveReference, schemasWithin, unionOf } from "./schema-walk.js";

/**
 * Ajv reports every branch of a union that did not fit, and then the union. People want one of the two: what is wrong inside the branch
 * that they clearly meant, or what the union takes as a whole.
 */
export function collapseUnions(errors: readonly ErrorObject[], root: JsonSchema): ErrorObject[] {
  const dropped = new Set<ErrorObject>();
  const replaced = new Map<ErrorObject, ErrorObject>();
  // The outer union comes after the inner ones; it decides first.
  for (const [index, error] of [...errors.entries()].reverse()) {
    if ((error.keyword !== "anyOf" && error.keyword !== "oneOf") || dropped.has(error)) continue;
    const branches = isSchema(error.parentSchema) ? unionOf(error.parentSchema) : undefined;
    if (branches === undefined) continue;
    const before = precedingAt(errors, index, error.instancePath).filter((one) => !dropped.has(one));
    const byBranch = branches.map((branch) => {
      const within = schemasWithin(branch, root);
      return before.filter((one) => within.has(one.parentSchema));
    });
    const tellsApart = (one: ErrorObject, at: number): boolean => rulesOut(one, error.instancePath, branches[at], root);
    const meant = byBranch.filter((own, at) => own.length > 0 && !own.some((one) => tellsApart(one, at)));
    const [only, ...others] = meant;
    const isInside = typeof error.data === "object" && error.data !== null;
    const told = isInside ? unknownKind(byBranch, error.instancePath, tellsApart) : undefined;
    if (told !== undefined) replaced.set(error, told);
    const kept = new Set(isInside && only !== undefined && others.length === 0 ? only : [error]);
    for (const one of [...byBranch.flat(), error]) if (!kept.has(one)) dropped.add(one);
  }
  return errors.filter((error) => !dropped.has(error)).map((error) => replaced.get(error) ?? error);
}

/** Errors right before `index` at a place or below it: those of a union's branches come together, and just before its own. */
function precedingAt(errors: readonly ErrorObject[], index: number, place: string): ErrorObject[] {
  let from = index;
  while (from > 0 && isAtOrBelow(errors[from - 1]?.instancePath ?? "", place)) from -= 1;
  return errors.slice(from, index);
}

/**
 * Where every branch was ruled out by the same property (`kind: regexp`, and there are `range` and `regex`), the fault is that
 * property's alone.
 */
function unknownKind(
  byBranch: readonly (readonly ErrorObject[])[],
  place: string,
  tellsApart: (error: ErrorObject, branch: number) => boolean,
): ErrorObject | undefined {
  const telling = byBranch.map((own, at) =>
    own.find((one) => one.keyword === "const" && one.instancePath !== place && tellsApart(one, at)),
  );
  const [first] = telling;
  if (first === undefined || !telling.every((one) => one?.instancePath === first.instancePath)) return undefined;
  const choices = telling.map((one) => (one?.params as { readonly allowedValue: unknown }).allowedValue);
  return { ...first, keyword: "enum", params: { allowedValues: choices }, parentSchema: { enum: choices } };
}

function isAtOrBelow(pointer: string, parent: string): boolean {
  return pointer === parent || pointer.startsWith(`${parent}/`);
}

/**
 * Whether an error says that its branch was not meant at all: another type, or another value of the property that tells branches apart.
 * Where the branch has a property with one value (`check: range`), that one does; a wrong choice elsewhere (`severity: warning`) is a
 * fault within the branch.
 */
function rulesOut(
  { keyword, instancePath }: ErrorObject,
  place: string,
  branch: JsonSchema | undefined,
  root: JsonSchema,
): boolean {
  if (instancePath === place) return keyword === "type" || keyword === "const" || keyword === "enum";
  const name = instancePath.slice(place.length + 1);
  if (name.includes("/") || (keyword !== "const" && keyword !== "enum")) return false;
  const properties = propertiesOf(branch === undefined ? {} : resolveReference(branch, root));
  const isConstant = (property: JsonSchema | undefined): boolean => property !== undefined && "const" in property;
  return isConstant(properties.get(name)) || ![...properties.values()].some(isConstant);
}
