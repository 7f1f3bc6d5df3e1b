import { fileURLToPath } from "node:url";
import type { ParameterSemantics } from "@datapy/mod-kit";
import { absolutePath, isUrl } from "../config/absolute-path.js";
import { itemsOf, propertyOf } from "../config/schema-properties.js";
import type { JsonSchema } from "../config/schema-properties.js";
import { fitsBranch } from "./fits-branch.js";
import { parseByteSize, parseDuration } from "./parse-quantity.js";
import { semanticsOfSchema } from "./schema-semantics.js";
import { isSchema, resolveReference, unionOf } from "./schema-walk.js";

/** Valid parameters, with their defaults, and what relative paths in them are taken from. */
export interface PreparationInput {
  readonly schema: JsonSchema;
  readonly values: Readonly<Record<string, unknown>>;
  /** Folder or URL; a relative one is taken from `cwd`. Default `cwd`. */
  readonly basePath?: string | undefined;
  /** Absolute. */
  readonly cwd: string;
}

/** Parameters as a mod's `run` gets them. */
export interface PreparedParameters {
  /** Plain objects and arrays, frozen at every depth. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Files, folders and artifacts that the parameters name as inputs, in order. */
  readonly inputs: readonly { readonly uri: string; readonly parameter: string; readonly kind: "path" | "artifact" }[];
  /** Values of `Secret()` parameters, to be masked from now on. */
  readonly secrets: readonly string[];
}

/**
 * Does what the schema helpers promise, at every depth: `Path()` and `Artifact()` made absolute (`~/` expanded, URLs as they are),
 * `Duration()` in milliseconds, `ByteSize()` in bytes, `Secret()` values noted. `values` stay as they are.
 */
export function prepareParameters({ schema, values, basePath, cwd }: PreparationInput): PreparedParameters {
  const base = basePath === undefined ? cwd : absolutePath(basePath, cwd);
  const preparation = new Preparation(schema, base, cwd);
  const params = preparation.value(values, schema, "") as Readonly<Record<string, unknown>>;
  return { params, inputs: preparation.inputs, secrets: preparation.secrets };
}

class Preparation {
  readonly inputs: { uri: string; parameter: string; kind: "path" | "artifact" }[] = [];
  readonly secrets: string[] = [];

  constructor(
    readonly root: JsonSchema,
    readonly base: string,
    readonly cwd: string,
  ) {}

  value(value: unknown, schema: JsonSchema | undefined, parameter: string): unknown {
    const target = schema === undefined ? undefined : this.#target(value, schema);
    const meaning = target === undefined ? undefined : semanticsOfSchema(target);
    if (meaning !== undefined && (typeof value === "string" || typeof value === "number"))
      return this.#scalar(value, meaning, parameter);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) {
      return Object.freeze(value.map((item: unknown, index) => this.value(item, itemAt(target, index), parameter)));
    }
    const object: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) {
      const prepared = this.value(inner, this.#property(target, key), parameter === "" ? key : parameter);
      // Defined, not assigned: a key may be called __proto__.
      Object.defineProperty(object, key, { value: prepared, enumerable: true });
    }
    return Object.freeze(object);
  }

  /** The schema that counts for `value`: what a reference leads to, the branch of a union that fits. */
  #target(value: unknown, schema: JsonSchema, depth = 0): JsonSchema {
    if (semanticsOfSchema(schema) !== undefined || depth > 20) return schema;
    const target = resolveReference(schema, this.root);
    if (target !== schema) return this.#target(value, target, depth + 1);
    const branch = unionOf(schema)?.find((one) => fitsBranch(value, one, this.root));
    return branch === undefined ? schema : this.#target(value, branch, depth + 1);
  }

  #property(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
    if (schema === undefined) return undefined;
    const own = propertyOf(schema, key);
    if (own !== undefined) return own;
    // Parts of an intersection may refer to schemas elsewhere.
    const parts = Array.isArray(schema["allOf"]) ? schema["allOf"].filter(isSchema) : [];
    return parts.map((part) => this.#property(resolveReference(part, this.root), key)).find((one) => one !== undefined);
  }

  #scalar(value: string | number, meaning: ParameterSemantics, parameter: string): unknown {
    switch (meaning.kind) {
      case "duration":
        return parseDuration(value) ?? value;
      case "byte_size":
        return parseByteSize(value) ?? value;
      case "secret":
        this.secrets.push(String(value));
        return value;
      case "path":
      case "artifact": {
        if (typeof value !== "string") return value;
        const uri = this.#path(value, parameter);
        // `base_path` is where others are looked for, and nothing that is read.
        if (parameter !== "base_path" && (meaning.kind === "artifact" || meaning.access === "read"))
          this.inputs.push({ uri, parameter, kind: meaning.kind });
        return uri;
      }
    }
  }

  #path(value: string, parameter: string): string {
    if (/^file:\/\//i.test(value)) {
      try {
        return fileURLToPath(value);
      } catch {
        return value;
      }
    }
    if (isUrl(value)) return value;
    // base_path itself is not relative to itself.
    if (parameter === "base_path") return absolutePath(value, this.cwd);
    if (isUrl(this.base) && !/^([\\/]|~[\\/]|~$|[A-Za-z]:[\\/])/.test(value)) {
      return `${this.base.replace(/\/+$/, "")}/${value.replace(/^(\.\/)+/, "")}`;
    }
    return absolutePath(value, isUrl(this.base) ? this.cwd : this.base);
  }
}

function itemAt(schema: JsonSchema | undefined, index: number): JsonSchema | undefined {
  const items: unknown = schema?.["items"];
  if (Array.isArray(items)) return isSchema(items[index]) ? items[index] : undefined;
  return itemsOf(schema);
}
