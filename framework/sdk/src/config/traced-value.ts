import type { SourceLocation } from "@datapy/mod-kit";
import type { LayerName, OverriddenValue } from "./configuration-types.js";
import { hasTemplate, parseTemplate } from "./references.js";
import type { TemplatePart } from "./references.js";
import type { YamlDocument, YamlNode } from "./yaml-document.js";

/** Where a value of a file stands. Line and column are counted when they are asked for: most never are. */
class Place {
  #location: SourceLocation | undefined;
  #keyLocation: SourceLocation | undefined;

  constructor(
    readonly document: YamlDocument,
    readonly offset: number,
    readonly end: number,
    readonly keyOffset: number | undefined,
  ) {}

  get location(): SourceLocation {
    return (this.#location ??= this.document.location(this.offset));
  }

  get keyLocation(): SourceLocation | undefined {
    if (this.keyOffset === undefined) return undefined;
    return (this.#keyLocation ??= this.document.location(this.keyOffset));
  }
}

/** A place that is no part of a file: `--set`, a call in a script. */
interface NamedPlace {
  readonly location: SourceLocation;
  readonly keyLocation?: SourceLocation | undefined;
}

/** What every traced value knows of itself. */
interface Trace {
  readonly layer: LayerName;
  readonly place: Place | NamedPlace | undefined;
  /** What stood here before, nearest first. */
  readonly overrode: readonly OverriddenValue[];
  /** Whether `${…}` in it is expanded: so in what a user wrote, not in what code gave. */
  readonly expands: boolean;
}

const NOTHING: readonly OverriddenValue[] = [];

abstract class TracedNode implements Trace {
  readonly layer: LayerName;
  readonly place: Place | NamedPlace | undefined;
  readonly overrode: readonly OverriddenValue[];
  readonly expands: boolean;

  constructor({ layer, place, overrode, expands }: Trace) {
    this.layer = layer;
    this.place = place;
    this.overrode = overrode;
    this.expands = expands;
  }

  get location(): SourceLocation | undefined {
    return this.place?.location;
  }

  /** Where its key stands, for a value of a mapping. */
  get keyLocation(): SourceLocation | undefined {
    return this.place?.keyLocation;
  }
}

export class TracedObject extends TracedNode {
  readonly kind = "object";

  constructor(
    trace: Trace,
    readonly entries: ReadonlyMap<string, TracedValue>,
    /** Set on an object that replaced something that was no object: layers below it no longer shine through. */
    readonly opaque = false,
  ) {
    super(trace);
  }

  withEntries(entries: ReadonlyMap<string, TracedValue>): TracedObject {
    return new TracedObject(this, entries, this.opaque);
  }

  /** The same object as if it stood elsewhere. */
  at(location: SourceLocation | undefined): TracedObject {
    const { layer, overrode, expands } = this;
    const place = location === undefined ? undefined : { location };
    return new TracedObject({ layer, place, overrode, expands }, this.entries, this.opaque);
  }
}

export class TracedArray extends TracedNode {
  readonly kind = "array";

  constructor(
    trace: Trace,
    readonly items: readonly TracedValue[],
  ) {
    super(trace);
  }
}

export class TracedScalar extends TracedNode {
  readonly kind = "scalar";
  #template: readonly TemplatePart[] | undefined;

  constructor(
    trace: Trace,
    readonly value: string | number | boolean | null,
  ) {
    super(trace);
  }

  /** Its text taken apart at the references in it; `undefined` where nothing in it is expanded. */
  get template(): readonly TemplatePart[] | undefined {
    if (!this.expands || typeof this.value !== "string" || !hasTemplate(this.value)) return undefined;
    return (this.#template ??= parseTemplate(this.value));
  }

  /**
   * Where `part` stands that begins at `index` in the text. The n-th occurrence in the value is the n-th one in the file's text,
   * whatever quoting or folding lies between.
   */
  locateInside(index: number, part: string): SourceLocation | undefined {
    const { place, value } = this;
    if (!(place instanceof Place) || typeof value !== "string") return this.location;
    const { text } = place.document;
    let offset = text.indexOf(part, place.offset);
    for (let seen = value.indexOf(part); seen !== -1 && seen < index; seen = value.indexOf(part, seen + part.length)) {
      offset = text.indexOf(part, offset + part.length);
    }
    return offset === -1 || offset >= place.end ? this.location : place.document.location(offset);
  }
}

/** A value together with the place that it came from and what it replaced. Immutable. */
export type TracedValue = TracedObject | TracedArray | TracedScalar;

/** Traces a node of a YAML file. */
export function traceYaml(node: YamlNode, document: YamlDocument, layer: LayerName, keyOffset?: number): TracedValue {
  const place = new Place(document, node.offset, node.kind === "scalar" ? node.end : node.offset, keyOffset);
  const trace: Trace = { layer, place, overrode: NOTHING, expands: true };
  if (node.kind === "scalar") return new TracedScalar(trace, node.value);
  if (node.kind === "sequence") {
    return new TracedArray(
      trace,
      node.items.map((item) => traceYaml(item, document, layer)),
    );
  }
  const entries = new Map<string, TracedValue>();
  for (const entry of node.entries) entries.set(entry.key, traceYaml(entry.node, document, layer, entry.keyOffset));
  return new TracedObject(trace, entries);
}

/** Thrown by {@link traceJson} for a value that JSON does not have. */
export class NotJsonError extends Error {
  constructor(
    readonly pointer: string,
    readonly given: string,
  ) {
    super(`${pointer} is ${given}`);
  }
}

/**
 * Traces a value that code gave. Keys whose value is `undefined` are absent, as in JSON.
 *
 * @throws NotJsonError for a value that JSON cannot hold.
 */
export function traceJson(
  value: unknown,
  layer: LayerName,
  options: { readonly expands?: boolean; readonly location?: SourceLocation } = {},
): TracedValue {
  const place = options.location === undefined ? undefined : { location: options.location };
  return traceAny(value, { layer, place, overrode: NOTHING, expands: options.expands ?? false }, "", 0);
}

function traceAny(value: unknown, trace: Trace, pointer: string, depth: number): TracedValue {
  if (depth > 100) throw new NotJsonError(pointer, "nested more than 100 levels deep, or inside itself");
  if (value === null || typeof value === "string" || typeof value === "boolean") return new TracedScalar(trace, value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new NotJsonError(pointer, String(value));
    return new TracedScalar(trace, value);
  }
  if (Array.isArray(value)) {
    return new TracedArray(
      trace,
      value.map((item, index) => traceAny(item, trace, `${pointer}/${index}`, depth + 1)),
    );
  }
  if (typeof value !== "object" || !isPlainObject(value)) throw new NotJsonError(pointer, nameOfKind(value));
  const entries = new Map<string, TracedValue>();
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__" || key === "constructor" || key === "prototype")
      throw new NotJsonError(pointer, `an object with the key ${key}`);
    if (inner !== undefined) entries.set(key, traceAny(inner, trace, `${pointer}/${key}`, depth + 1));
  }
  return new TracedObject(trace, entries);
}

/** The plain value; texts as written, `${…}` untouched. Objects have no prototype. */
export function untrace(value: TracedValue): unknown {
  if (value.kind === "scalar") return value.value;
  if (value.kind === "array") return value.items.map(untrace);
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, inner] of value.entries) object[key] = untrace(inner);
  return object;
}

/**
 * Lays `upper` over `lower`: objects merge key by key, anything else replaces, `null` too. Associative; neither input is changed.
 */
export function mergeTraced(lower: TracedValue, upper: TracedValue): TracedValue {
  if (upper.kind === "object" && !upper.opaque && lower.kind === "object") return mergeObjects(lower, upper);
  const replaced: OverriddenValue = { layer: lower.layer, location: lower.location, value: untrace(lower) };
  const trace = {
    layer: upper.layer,
    place: upper.place,
    expands: upper.expands,
    overrode: [...upper.overrode, replaced, ...lower.overrode],
  };
  switch (upper.kind) {
    case "scalar":
      return new TracedScalar(trace, upper.value);
    case "array":
      return new TracedArray(trace, upper.items);
    case "object":
      return new TracedObject(trace, upper.entries, true);
  }
}

/** {@link mergeTraced} of two objects. */
export function mergeObjects(lower: TracedObject, upper: TracedObject): TracedObject {
  if (upper.entries.size === 0 && upper.overrode.length === 0 && lower.entries.size > 0) return lower;
  const entries = new Map(lower.entries);
  for (const [key, value] of upper.entries) {
    const below = entries.get(key);
    entries.set(key, below === undefined ? value : mergeTraced(below, value));
  }
  const { layer, place, expands } = upper;
  const overrode = lower.overrode.length === 0 ? upper.overrode : [...upper.overrode, ...lower.overrode];
  return new TracedObject({ layer, place, expands, overrode }, entries, lower.opaque);
}

/** Lays objects over each other, the last one on top. An empty list gives an empty object of the layer `default`. */
export function mergeLayers(layers: readonly TracedObject[]): TracedObject {
  const [first, ...rest] = layers;
  return first === undefined ? emptyObject("default") : rest.reduce(mergeObjects, first);
}

/** An object without keys. */
export function emptyObject(layer: LayerName, location?: SourceLocation): TracedObject {
  const place = location === undefined ? undefined : { location };
  return new TracedObject({ layer, place, overrode: NOTHING, expands: false }, new Map());
}

/** The same values as part of another layer. */
export function relayer(value: TracedValue, layer: LayerName): TracedValue {
  const { place, overrode, expands } = value;
  const trace = { layer, place, overrode, expands };
  if (value.kind === "scalar") return new TracedScalar(trace, value.value);
  if (value.kind === "array") {
    return new TracedArray(
      trace,
      value.items.map((item) => relayer(item, layer)),
    );
  }
  return new TracedObject(
    trace,
    new Map([...value.entries].map(([key, inner]) => [key, relayer(inner, layer)])),
    value.opaque,
  );
}

/** Whether a value is an object literal, of this realm or another. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOfKind(value: unknown): string {
  if (typeof value === "object" && value !== null)
    return `a ${(value.constructor as { name?: string } | undefined)?.name ?? "value without a class"}`;
  return `a ${typeof value}`;
}
