import { propertiesOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import type { ModDescription, ParameterDescription } from "./describe-mod.js";
import { semanticsOfSchema } from "./schema-semantics.js";
import { isSchema, resolveReference, unionOf } from "./schema-walk.js";
import { schemaWords } from "./schema-words.js";

const LINE_WIDTH = 100;

/**
 * A commented YAML file of a mod's parameters: those that must be given and those of the first of the whole schema's `examples` first,
 * each with an example value (of that example, else the first of its own `examples`, else a plausible one), then all others commented
 * out with their defaults. Secrets are taken from the environment. `reference` is what the mod is run by.
 */
export function exampleParameters(
  mod: Pick<ModDescription, "name" | "version" | "description" | "parameters" | "schema">,
  reference = mod.name,
): string {
  const { name, version, description, schema } = mod;
  const properties = propertiesOf(schema);
  const whole = wholeExample(schema);
  const isGiven = (parameter: ParameterDescription): boolean => parameter.required || whole.has(parameter.name);
  const head = [
    ...comment(`${name} ${version}: ${description}`),
    // On one line however long it is, so that it can be copied.
    `# Run it with: datapy run-mod ${shellWord(reference)} -p params.yaml`,
  ];
  const parameters = [...mod.parameters.filter(isGiven), ...mod.parameters.filter((parameter) => !isGiven(parameter))];
  const blocks = parameters.map((parameter) => {
    const property = properties.get(parameter.name) ?? {};
    const words = schemaWords(property, schema);
    const notes = [
      parameter.description,
      `${words.charAt(0).toUpperCase()}${words.slice(1)}.${parameter.required ? " Required." : ""}${parameter.deprecated ? " Deprecated." : ""}`,
    ];
    const value = whole.has(parameter.name)
      ? whole.get(parameter.name)
      : parameter.default === undefined
        ? exampleValue(property, schema, `${name}_${parameter.name}`)
        : parameter.default;
    const line = `${yamlKey(parameter.name)}: ${yamlValue(value)}`;
    return [...notes.filter((note) => note !== "").flatMap(comment), isGiven(parameter) ? line : `# ${line}`];
  });
  return `${[head, ...blocks].map((block) => block.join("\n")).join("\n\n")}\n`;
}

/** Parameters that the author gives as an example of the whole: `Type.Object({ … }, { examples: [{ … }] })`. */
function wholeExample({ examples }: JsonSchema): ReadonlyMap<string, unknown> {
  const first: unknown = Array.isArray(examples) ? examples[0] : undefined;
  return new Map(typeof first === "object" && first !== null ? Object.entries(first) : []);
}

/** A word as a shell reads it back. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./\\~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A value that the schema takes. */
function exampleValue(schema: JsonSchema, root: JsonSchema, name: string, depth = 0): unknown {
  const examples = schema["examples"];
  if (Array.isArray(examples) && examples.length > 0) return examples[0] as unknown;
  if ("default" in schema) return schema["default"];
  const target = resolveReference(schema, root);
  if (target !== schema) return depth > 4 ? null : exampleValue(target, root, name, depth + 1);
  const meaning = semanticsOfSchema(schema);
  switch (meaning?.kind) {
    case "secret":
      return `\${env.${name.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}}`;
    case "duration":
      return "30s";
    case "byte_size":
      return "64MiB";
    case "artifact":
      return "path/to/table.parquet";
    case "path":
      return meaning.target === "directory" ? "path/to/folder" : "path/to/file";
    case undefined:
  }
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0] as unknown;
  const [first] = unionOf(schema) ?? [];
  if (first !== undefined) return exampleValue(first, root, name, depth + 1);
  return valueOfType(schema, root, name, depth);
}

function valueOfType(schema: JsonSchema, root: JsonSchema, name: string, depth: number): unknown {
  const type: unknown = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
  switch (type) {
    case "string":
      return exampleText(schema);
    case "number":
    case "integer":
      return exampleNumber(schema);
    case "boolean":
      return false;
    case "array": {
      const items: unknown = schema["items"];
      if (Array.isArray(items)) return items.filter(isSchema).map((item) => exampleValue(item, root, name, depth + 1));
      // A list of what refers to itself may be empty, and must end somewhere.
      if (!isSchema(items) || depth > 4 || ("$ref" in items && schema["minItems"] === undefined)) return [];
      return Array.from({ length: Math.max(1, Number(schema["minItems"] ?? 1)) }, () =>
        exampleValue(items, root, name, depth + 1),
      );
    }
    case "object": {
      const required = Array.isArray(schema["required"]) ? schema["required"] : [];
      const entries = [...propertiesOf(schema)].filter(
        ([key, property]) => required.includes(key) && !("default" in property),
      );
      return Object.fromEntries(
        entries.map(([key, property]) => [key, exampleValue(property, root, `${name}_${key}`, depth + 1)]),
      );
    }
    default:
      return null;
  }
}

function exampleText({ minLength = 0, maxLength = Infinity, format }: JsonSchema): string {
  switch (format) {
    case "date":
      return "2026-08-12";
    case "date-time":
      return "2026-08-12T14:30:00Z";
    case "time":
      return "14:30:00";
    case "uri":
    case "url":
      return "https://example.com/data";
    case "email":
      return "someone@example.com";
    default:
      return "text".slice(0, Number(maxLength)).padEnd(Number(minLength), "x");
  }
}

function exampleNumber({ type, minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf }: JsonSchema): number {
  if (typeof multipleOf === "number") return multipleOf;
  if (typeof minimum === "number") return minimum;
  if (typeof exclusiveMinimum === "number")
    return type === "integer" ? Math.floor(exclusiveMinimum) + 1 : exclusiveMinimum + 1;
  if (typeof maximum === "number") return Math.min(1, maximum);
  if (typeof exclusiveMaximum === "number") return Math.min(1, exclusiveMaximum - 1);
  return 1;
}

/** Lines of a comment, broken between words. */
function comment(text: string): string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > LINE_WIDTH && line !== "#") {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** JSON is YAML; only simple texts are shown without their quotes. */
function yamlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlValue).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `${yamlKey(key)}: ${yamlValue(inner)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return typeof value === "string" ? yamlText(value) : JSON.stringify(value ?? null);
}

function yamlText(text: string): string {
  const isPlain =
    /^[A-Za-z./][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n|~|\.inf|\.nan|\.\.\.)$/i.test(text);
  return isPlain
    ? text
    : JSON.stringify(text)
        .replaceAll("\u2028", "\\u2028")
        .replaceAll("\u2029", "\\u2029")
        .replaceAll("\u0085", "\\u0085");
}

function yamlKey(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? yamlText(key) : JSON.stringify(key);
}
