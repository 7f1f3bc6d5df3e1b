import type { DatapyError } from "@datapy/mod-kit";
import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents } from "js-yaml";
import type { Event, ScalarEvent } from "js-yaml";
import { fault } from "../errors.js";
import type { ErrorCode } from "../errors.js";
import { FaultList } from "../faults.js";
import { YamlDocument, position, startsOfLines } from "./yaml-document.js";
import type { YamlEntry, YamlNode } from "./yaml-document.js";
import { readScalar } from "./yaml-scalar.js";

/** What one YAML text may hold. Everything past it is an error, found in less than a second. */
export const YAML_LIMITS = {
  /** UTF-8 bytes of a file. */
  bytes: 4_194_304,
  /** Mappings and lists inside each other, those behind aliases included. */
  depth: 100,
  /** Values, those that aliases repeat included. A job of 10,000 steps has some 150,000. */
  nodes: 400_000,
  /** Faults that are told of one file: nobody mends more in one go, and each costs its place and its words. */
  faults: 1_000,
} as const;

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "prototype", "constructor"]);
const MAP_TAGS: ReadonlySet<string> = new Set(["!!map", "!<tag:yaml.org,2002:map>"]);
const SEQUENCE_TAGS: ReadonlySet<string> = new Set(["!!seq", "!<tag:yaml.org,2002:seq>"]);
const ABSENT = -1;

/**
 * Parses one YAML document (YAML 1.2 core types, and `<<` merging as YAML 1.1 has it). An empty text is `null`.
 *
 * @param name absolute path of the file, or `<stdin>`; errors and origins carry it.
 * @throws FaultList with `DATAPY_YAML_…` errors, exit code 20. Every fault that does not hide the rest is found at once.
 */
export function parseYaml(text: string, name: string): YamlDocument {
  const { document, faults } = readYaml(text, name);
  if (document === undefined || faults.length > 0) throw new FaultList(faults);
  return document;
}

/** As {@link parseYaml}, but returns its faults beside as much of the document as could be read. */
export function readYaml(
  text: string,
  name: string,
): { readonly document: YamlDocument | undefined; readonly faults: readonly DatapyError[] } {
  const reader = new YamlReader(text, name);
  try {
    const root = reader.read();
    return { document: new YamlDocument(name, text, root), faults: reader.faults };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { document: undefined, faults: reader.faults };
  }
}

/** Ends the reading: the fault is already noted. */
class Stop extends Error {}

interface MeasuredNode {
  readonly node: YamlNode;
  /** Values in it, itself included. */
  readonly size: number;
  /** Levels of mappings and lists in it, itself included. */
  readonly height: number;
}

interface Frame {
  readonly kind: "mapping" | "sequence";
  readonly offset: number;
  readonly anchor: string | undefined;
  readonly items: YamlNode[];
  readonly entries: YamlEntry[];
  readonly keys: Map<string, number>;
  readonly merged: { readonly node: YamlNode; readonly offset: number }[];
  pending:
    { readonly key: string; readonly offset: number; readonly merge: boolean; readonly dropped: boolean } | undefined;
  size: number;
  height: number;
}

class YamlReader {
  readonly faults: DatapyError[] = [];
  readonly #frames: Frame[] = [];
  readonly #anchors = new Map<string, MeasuredNode>();
  #lineStarts: readonly number[] | undefined;
  #nodes = 0;
  #offset = 0;
  #root: YamlNode | undefined;

  constructor(
    readonly text: string,
    readonly name: string,
  ) {}

  read(): YamlNode {
    // A text of UTF-16 length n has n to 3n bytes, so most texts need no counting.
    if (this.text.length * 3 > YAML_LIMITS.bytes && Buffer.byteLength(this.text) > YAML_LIMITS.bytes) {
      this.#stop("DATAPY_YAML_TOO_LARGE", { limit: "4 MiB" }, undefined);
    }
    let documents = 0;
    for (const event of this.#events()) {
      switch (event.type) {
        case EVENT_ID.DOCUMENT:
          if (++documents > 1) this.#stop("DATAPY_YAML_DOCUMENTS", {}, this.#nextMarker());
          if (event.directives.some((one) => one.kind === "tag"))
            this.#stop("DATAPY_YAML_TAG", { tag: "directive %TAG" }, 0);
          break;
        case EVENT_ID.SCALAR:
          this.#scalar(event);
          break;
        case EVENT_ID.SEQUENCE:
          this.#open("sequence", event);
          break;
        case EVENT_ID.MAPPING:
          this.#open("mapping", event);
          break;
        case EVENT_ID.ALIAS:
          this.#alias(event.anchorStart, event.anchorEnd);
          break;
        case EVENT_ID.POP:
          this.#close();
      }
    }
    return this.#root ?? { kind: "scalar", value: null, offset: 0, end: 0, plain: true };
  }

  #events(): Event[] {
    try {
      return parseEvents(this.text, { filename: this.name, maxDepth: YAML_LIMITS.depth });
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const offset = error.mark?.position;
      if (error.reason.startsWith("nesting exceeded")) {
        return this.#stop("DATAPY_YAML_TOO_DEEP", { limit: YAML_LIMITS.depth }, offset);
      }
      return this.#stop("DATAPY_YAML_SYNTAX", { detail: error.reason }, offset);
    }
  }

  #scalar(event: ScalarEvent): void {
    const source = getScalarValue(this.text, event);
    const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
    const plain = event.style === SCALAR_STYLE.PLAIN;
    const offset = event.valueStart === ABSENT ? this.#offset : event.valueStart - (quoted ? 1 : 0);
    const end = event.valueEnd === ABSENT ? offset : event.valueEnd + (quoted ? 1 : 0);
    this.#offset = offset;
    this.#count(1);
    const tag = this.#slice(event.tagStart, event.tagEnd);
    const frame = this.#frames.at(-1);
    if (frame?.kind === "mapping" && frame.pending === undefined) {
      if (tag !== undefined && tag !== "!!str" && tag !== "!") this.#fault("DATAPY_YAML_TAG", { tag }, event.tagStart);
      this.#key(frame, source, offset, plain);
      return;
    }
    const read = readScalar(source, plain, tag);
    if (read.problem === "tag") this.#fault("DATAPY_YAML_TAG", { tag: tag ?? "" }, event.tagStart);
    if (read.problem === "number") this.#fault("DATAPY_YAML_NUMBER", { given: shorten(source) }, offset);
    const node: MeasuredNode = { node: { kind: "scalar", value: read.value, offset, end, plain }, size: 1, height: 0 };
    const anchor = this.#slice(event.anchorStart, event.anchorEnd);
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    this.#add(node);
  }

  #key(frame: Frame, key: string, offset: number, plain: boolean): void {
    const merge = plain && key === "<<";
    const forbidden = FORBIDDEN_KEYS.has(key) || (plain && key === "");
    if (forbidden) this.#fault("DATAPY_YAML_KEY", { given: key === "" ? "an empty text" : key }, offset);
    const first = merge || forbidden ? undefined : frame.keys.get(key);
    if (first !== undefined) {
      this.#fault("DATAPY_YAML_DUPLICATE_KEY", { key: shorten(key), first: this.#position(first).line }, offset);
    } else if (!merge && !forbidden) frame.keys.set(key, offset);
    frame.pending = { key, offset, merge, dropped: forbidden || first !== undefined };
  }

  #open(
    kind: "mapping" | "sequence",
    event: { start: number; anchorStart: number; anchorEnd: number; tagStart: number; tagEnd: number },
  ): void {
    this.#offset = event.start;
    this.#count(1);
    const parent = this.#frames.at(-1);
    if (parent?.kind === "mapping" && parent.pending === undefined) {
      this.#stop("DATAPY_YAML_KEY", { given: kind === "mapping" ? "a mapping" : "a list" }, event.start);
    }
    const tag = this.#slice(event.tagStart, event.tagEnd);
    if (tag !== undefined && tag !== "!" && !(kind === "mapping" ? MAP_TAGS : SEQUENCE_TAGS).has(tag)) {
      this.#fault("DATAPY_YAML_TAG", { tag }, event.tagStart);
    }
    const anchor = this.#slice(event.anchorStart, event.anchorEnd);
    // An alias inside its own anchor must not find an older node of that name.
    if (anchor !== undefined) this.#anchors.delete(anchor);
    const nothing = { items: [], entries: [], keys: new Map<string, number>(), merged: [] };
    this.#frames.push({ kind, offset: event.start, anchor, ...nothing, pending: undefined, size: 1, height: 1 });
  }

  #alias(start: number, end: number): void {
    const name = this.text.slice(start, end);
    this.#offset = start - 1;
    const target = this.#anchors.get(name);
    if (target === undefined) {
      const open = this.#frames.some((frame) => frame.anchor === name);
      const detail = open
        ? `*${shorten(name)} stands inside its own anchor`
        : `*${shorten(name)} has no anchor above it`;
      return this.#stop("DATAPY_YAML_ALIAS", { detail }, start - 1);
    }
    const parent = this.#frames.at(-1);
    if (parent?.kind === "mapping" && parent.pending === undefined) {
      return this.#stop("DATAPY_YAML_KEY", { given: "an alias" }, start - 1);
    }
    this.#count(target.size);
    if (this.#frames.length + target.height > YAML_LIMITS.depth) {
      this.#stop("DATAPY_YAML_TOO_DEEP", { limit: YAML_LIMITS.depth }, start - 1);
    }
    this.#add(target);
  }

  #close(): void {
    const frame = this.#frames.pop();
    if (frame === undefined) return;
    const { kind, offset, items, entries, size, height, anchor } = frame;
    if (frame.merged.length > 0) this.#merge(frame);
    const node: YamlNode = kind === "sequence" ? { kind, items, offset } : { kind, entries, offset };
    const measured = { node, size, height };
    if (anchor !== undefined) this.#anchors.set(anchor, measured);
    this.#add(measured);
  }

  #add({ node, size, height }: MeasuredNode): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) {
      this.#root = node;
      return;
    }
    frame.size += size;
    frame.height = Math.max(frame.height, height + 1);
    if (frame.kind === "sequence") {
      frame.items.push(node);
      return;
    }
    const pending = frame.pending;
    frame.pending = undefined;
    if (pending === undefined || pending.dropped) return;
    if (pending.merge) frame.merged.push({ node, offset: pending.offset });
    else frame.entries.push({ key: pending.key, keyOffset: pending.offset, node });
  }

  /** Adds what `<<` brings: keys that the mapping does not have itself, an earlier source before a later one. */
  #merge(frame: Frame): void {
    const sources = frame.merged.flatMap(({ node, offset }) =>
      (node.kind === "sequence" ? node.items : [node]).map((source) => ({ source, offset })),
    );
    for (const { source, offset } of sources) {
      if (source.kind !== "mapping") {
        this.#fault("DATAPY_YAML_ALIAS", { detail: "<< takes a mapping or a list of mappings" }, offset);
        continue;
      }
      for (const entry of source.entries) {
        if (frame.keys.has(entry.key)) continue;
        frame.keys.set(entry.key, entry.keyOffset);
        frame.entries.push(entry);
      }
    }
  }

  #count(nodes: number): void {
    this.#nodes += nodes;
    if (this.#nodes > YAML_LIMITS.nodes) {
      this.#stop("DATAPY_YAML_TOO_MANY_NODES", { limit: YAML_LIMITS.nodes }, this.#offset);
    }
  }

  /** Where the `---` or `...` stands that ends the document read so far. */
  #nextMarker(): number {
    const found = this.text.slice(this.#offset).search(/^(?:---|\.\.\.)/m);
    return found === -1 ? this.#offset : this.#offset + found;
  }

  #slice(start: number, end: number): string | undefined {
    return start === ABSENT ? undefined : this.text.slice(start, end);
  }

  #position(offset: number): { line: number; column: number } {
    return position((this.#lineStarts ??= startsOfLines(this.text)), offset);
  }

  #fault(code: ErrorCode, details: Readonly<Record<string, string | number>>, offset: number | undefined): void {
    const location = { file: this.name, ...(offset === undefined ? {} : this.#position(offset)) };
    this.faults.push(fault(code, details, { location }));
    if (this.faults.length < YAML_LIMITS.faults) return;
    this.faults.push(fault("DATAPY_YAML_TOO_MANY_FAULTS", { limit: YAML_LIMITS.faults }, { location }));
    throw new Stop("DATAPY_YAML_TOO_MANY_FAULTS");
  }

  #stop(code: ErrorCode, details: Readonly<Record<string, string | number>>, offset: number | undefined): never {
    this.#fault(code, details, offset);
    throw new Stop(code);
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
