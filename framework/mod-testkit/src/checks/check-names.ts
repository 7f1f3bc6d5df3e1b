import { SEMANTIC_KEYWORD } from "@datapy/mod-kit";
import { describeParameters } from "@datapy/sdk/contract";
import type { LoadedMod } from "../mod-package.js";
import { CANONICAL_PARAMETERS, SECRET_NAMES } from "./canonical-names.js";
import { none } from "../expect.js";

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Parameters and artifacts are named as in every other mod, and described. */
export function checkNames({ definition }: LoadedMod): void {
  const parameters = describeParameters(plain(definition.params));
  const names = parameters.map(({ name }) => name);
  const others = names.flatMap((name) => {
    const canonical = CANONICAL_PARAMETERS[name];
    return canonical === undefined ? [] : [`${name} is called ${canonical} everywhere`];
  });
  none(others, "parameters have the names that users know");
  const all = [...names, ...Object.keys(definition.artifacts)];
  none(
    all.filter((name) => !SNAKE_CASE.test(name)),
    "names of parameters and artifacts are written in snake_case",
  );
  none(
    parameters.filter(({ description }) => description.trim() === "").map(({ name }) => name),
    "every parameter has a description",
  );
  none(
    Object.entries(definition.artifacts).flatMap(([key, { description }]) => (description.trim() === "" ? [key] : [])),
    "every artifact has a description",
  );
}

/** What sounds like a secret is one, at every depth, so that the host masks it. */
export function checkSecrets({ definition }: LoadedMod): void {
  const bare: string[] = [];
  visit(plain(definition.params), "", (name, schema) => {
    if (SECRET_NAMES.test(name.slice(name.lastIndexOf(".") + 1)) && !mayHoldSecret(schema)) bare.push(name);
  });
  none(bare, "parameters that hold secrets are made with Secret()");
}

type Schema = Readonly<Record<string, unknown>>;

function mayHoldSecret(schema: Schema): boolean {
  const meaning = schema[SEMANTIC_KEYWORD] as Schema | undefined;
  if (meaning?.["kind"] === "secret") return true;
  // A yes or no, a number, or a choice about a secret is none; what an object holds is looked at by itself.
  if (["boolean", "integer", "number", "object"].includes(String(schema["type"]))) return true;
  if ("const" in schema || "enum" in schema) return true;
  return ["anyOf", "oneOf", "allOf"].some((word) =>
    (Array.isArray(schema[word]) ? (schema[word] as Schema[]) : []).some((branch) => mayHoldSecret(branch)),
  );
}

function visit(schema: Schema, at: string, see: (name: string, schema: Schema) => void): void {
  for (const [name, property] of Object.entries((schema["properties"] ?? {}) as Record<string, Schema>)) {
    const place = at === "" ? name : `${at}.${name}`;
    see(place, property);
    visit(property, place, see);
  }
  for (const word of ["anyOf", "oneOf", "allOf"])
    for (const branch of (schema[word] ?? []) as Schema[]) visit(branch, at, see);
  const { items } = schema;
  if (typeof items === "object" && items !== null && !Array.isArray(items)) visit(items as Schema, at, see);
}

/** As JSON keeps it: TypeBox's own keys are symbols. */
function plain(schema: unknown): Schema {
  return JSON.parse(JSON.stringify(schema)) as Schema;
}
