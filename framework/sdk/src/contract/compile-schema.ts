import { Ajv } from "ajv";
import type { ErrorObject } from "ajv";
import type { JsonSchema } from "../config/schema-properties.js";
import { FORMATS } from "./formats.js";

/** Finds every fault of a value; an empty list means that there is none. */
export type CompiledSchema = (value: unknown) => readonly ErrorObject[];

// Compiling takes longer than validating, and one schema is checked when its mod is loaded and again for each run. Keyed by the schema
// itself, so that nothing is kept longer than the mod is.
const compiled = new WeakMap<JsonSchema, { readonly check: CompiledSchema; readonly thorough: boolean }>();

/**
 * Compiles a JSON Schema (draft-07, and what TypeBox makes). No type is coerced, no default filled in. Annotations and formats that are
 * not known are allowed. Throws Ajv's own error when the schema is none. `thorough` holds it against the meta-schema too.
 */
export function compileSchema(
  schema: JsonSchema,
  { thorough = false }: { readonly thorough?: boolean } = {},
): CompiledSchema {
  const known = compiled.get(schema);
  if (known !== undefined && (known.thorough || !thorough)) return known.check;
  const ajv = new Ajv({
    allErrors: true,
    // Errors carry the value and the schema that it was held against.
    verbose: true,
    strict: false,
    logger: false,
    messages: thorough,
    addUsedSchema: false,
    // A parameter called toString is missing where only the prototype has one.
    ownProperties: true,
    meta: thorough,
    validateSchema: false,
    formats: FORMATS,
    // Every process compiles anew: a quarter of the time is worth more than shorter code.
    code: { optimize: false },
  });
  const validate = ajv.compile(withoutDialect(schema));
  if (thorough && ajv.validateSchema(withoutDialect(schema)) !== true) {
    throw new Error(ajv.errorsText(ajv.errors?.slice(0, 3), { dataVar: "params", separator: "; " }));
  }
  const check: CompiledSchema = (value) => (validate(value) ? [] : [...(validate.errors ?? [])]);
  compiled.set(schema, { check, thorough });
  return check;
}

/** A schema may say that it is of a later draft; what it uses is checked as draft-07 all the same. */
function withoutDialect(schema: JsonSchema): JsonSchema {
  if (schema["$schema"] === undefined) return schema;
  const { $schema: _dialect, ...rest } = schema;
  return rest;
}
