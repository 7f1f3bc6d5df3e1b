import type { DatapyError, SourceLocation, TextPosition } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { absolutePath } from "./absolute-path.js";
import { kindOf } from "./config-sources.js";
import type { ResolvedParameters, ValueOrigin } from "./configuration-types.js";
import type { Expander } from "./expander.js";
import { BASE_PATH } from "./layer-parameters.js";
import { hasTemplate } from "./references.js";
import { itemsOf, propertiesOf, propertyOf, semanticsOf, typesOf } from "./schema-properties.js";
import type { JsonSchema } from "./schema-properties.js";
import type { TracedObject, TracedScalar, TracedValue } from "./traced-value.js";
import { pointerSteps, pointerTo } from "./yaml-document.js";
import { readPlainScalar } from "./yaml-scalar.js";

/** Expands layered parameters into plain values, with the origin of each. */
export function realizeParameters(
  input: {
    readonly merged: TracedObject;
    readonly schema: JsonSchema;
    readonly expander: Expander;
    /** Folder that a relative `base_path` is taken from, by where it is written. */
    readonly baseOf: (basePath: TracedValue) => string;
  },
  faults: DatapyError[],
): ResolvedParameters {
  const { merged, schema } = input;
  const realizer = new Realizer(input.expander, faults);
  const values = realizer.value(merged, "", schema) as Record<string, unknown>;
  const basePath = takeBasePath(values, merged, input.baseOf, faults);
  if (!propertiesOf(schema).has(BASE_PATH)) delete values[BASE_PATH];
  else if (basePath !== undefined) values[BASE_PATH] = basePath;
  return {
    values,
    basePath,
    origins: realizer.origins,
    secrets: realizer.secrets,
    locate: (pointer, position) => locate(merged, pointer, position),
  };
}

function takeBasePath(
  values: Readonly<Record<string, unknown>>,
  merged: TracedObject,
  baseOf: (basePath: TracedValue) => string,
  faults: DatapyError[],
): string | undefined {
  const node = merged.entries.get(BASE_PATH);
  const value = values[BASE_PATH];
  if (node === undefined || value === undefined || value === null) return undefined;
  if (typeof value === "string" && value !== "") return absolutePath(value, baseOf(node));
  const given =
    value === ""
      ? "an empty text"
      : node.kind === "scalar"
        ? `the ${typeof value} ${JSON.stringify(value)}`
        : kindOf(node);
  faults.push(
    fault("DATAPY_CONFIG_SHAPE", { what: BASE_PATH, expected: "a folder's path", given }, { location: node.location }),
  );
  return undefined;
}

class Realizer {
  readonly origins = new Map<string, ValueOrigin>();
  readonly secrets: string[] = [];
  readonly #told = new Set<DatapyError>();

  constructor(
    readonly expander: Expander,
    readonly faults: DatapyError[],
  ) {}

  value(node: TracedValue, pointer: string, schema: JsonSchema | undefined): unknown {
    if (node.kind === "scalar") return this.#scalar(node, pointer, schema);
    const size = node.kind === "array" ? node.items.length : node.entries.size;
    // The root object itself is no value of a parameter.
    if (pointer !== "" && (node.kind === "array" || size === 0 || node.overrode.length > 0)) this.#note(node, pointer);
    if (semanticsOf(schema)?.kind === "secret") this.#noteSecrets(node);
    if (node.kind === "array") {
      const items = itemsOf(schema);
      // An item that cannot be resolved is shown as it is written: the list keeps its length.
      return node.items.map((item, index) => {
        const value = this.value(item, pointerTo(pointer, index), items);
        return value === undefined && item.kind === "scalar" ? item.value : value;
      });
    }
    const object = Object.create(null) as Record<string, unknown>;
    for (const [key, inner] of node.entries)
      object[key] = this.value(inner, pointerTo(pointer, key), propertyOf(schema, key));
    return object;
  }

  #scalar(node: TracedScalar, pointer: string, schema: JsonSchema | undefined): unknown {
    this.#note(node, pointer, node.template === undefined ? undefined : String(node.value));
    const outcome = this.expander.expand(node);
    if (!("value" in outcome)) {
      for (const one of outcome.faults) {
        if (this.#told.has(one)) continue;
        this.#told.add(one);
        this.faults.push(one);
      }
      return undefined;
    }
    const value =
      outcome.fromText && typeof outcome.value === "string" ? typedText(outcome.value, schema) : outcome.value;
    if (semanticsOf(schema)?.kind === "secret") {
      this.#noteSecret(value);
      this.#noteSecrets(node);
    }
    return value;
  }

  #note(node: TracedValue, pointer: string, template?: string): void {
    const { layer, location, overrode } = node;
    this.origins.set(pointer, { layer, location, overrode, ...(template === undefined ? {} : { template }) });
  }

  /** A secret that was overridden is a secret still: it stands in the record of where values came from. */
  #noteSecrets(node: TracedValue): void {
    for (const { value } of node.overrode)
      if (typeof value !== "string" || !hasTemplate(value)) this.#noteSecret(value);
  }

  #noteSecret(value: unknown): void {
    if (typeof value === "string" && value !== "") this.secrets.push(value);
    else if (typeof value === "number") this.secrets.push(String(value));
    else if (typeof value === "object" && value !== null)
      for (const inner of Object.values(value)) this.#noteSecret(inner);
  }
}

/** The environment holds nothing but text: where a schema wants no text but a number or a truth value, the text is read as YAML. */
function typedText(text: string, schema: JsonSchema | undefined): unknown {
  const types = schema === undefined ? undefined : typesOf(schema);
  if (types === undefined || types.has("string")) return text;
  const { value, problem } = readPlainScalar(text.trim());
  return problem === undefined ? value : text;
}

function locate(root: TracedObject, pointer: string, position?: TextPosition): SourceLocation | undefined {
  let node: TracedValue = root;
  let location = root.location;
  for (const step of pointerSteps(pointer)) {
    const next: TracedValue | undefined =
      node.kind === "object" ? node.entries.get(step) : node.kind === "array" ? node.items[Number(step)] : undefined;
    if (next === undefined) break;
    node = next;
    location = node.location ?? location;
  }
  return position === undefined || node.kind !== "scalar" ? location : (locateText(node, position) ?? location);
}

/** Where in the file a place of a text stands: of SQL in a block of YAML, the line of the file. */
function locateText(node: TracedScalar, { line, column }: TextPosition): SourceLocation | undefined {
  const { value } = node;
  if (typeof value !== "string" || node.template !== undefined) return node.location;
  const lines = value.split("\n");
  const index = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  const [word = ""] = /^(?:\w+|"[^"\n]*"|\S)/.exec(value.slice(index)) ?? [];
  return word === "" ? node.location : node.locateInside(index, word);
}
