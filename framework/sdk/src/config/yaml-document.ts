import type { SourceLocation } from "@datapy/mod-kit";

/** A text, number, truth value or null of a YAML file. `offset` and `end` enclose what was written. */
export interface YamlScalar {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  readonly offset: number;
  readonly end: number;
  /** Whether it was written without quotes and not as a block. */
  readonly plain: boolean;
}

/** A list of a YAML file. */
export interface YamlSequence {
  readonly kind: "sequence";
  readonly items: readonly YamlNode[];
  readonly offset: number;
}

/** A mapping of a YAML file; its entries stand in file order, with those that `<<` merged in at the end. */
export interface YamlMapping {
  readonly kind: "mapping";
  readonly entries: readonly YamlEntry[];
  readonly offset: number;
}

/** One key of a mapping with its value. */
export interface YamlEntry {
  readonly key: string;
  readonly keyOffset: number;
  readonly node: YamlNode;
}

/** A value of a YAML file and where it stands. Aliases are resolved: one node may stand in several places. */
export type YamlNode = YamlScalar | YamlSequence | YamlMapping;

/** A parsed YAML file that knows the line and column of everything in it. */
export class YamlDocument {
  readonly #lineStarts: readonly number[];

  constructor(
    /** Absolute path, or a name such as `<stdin>`. */
    readonly name: string,
    readonly text: string,
    readonly root: YamlNode,
  ) {
    this.#lineStarts = startsOfLines(text);
  }

  /** Line and column, both from 1, of a place in the text. */
  location(offset: number): SourceLocation {
    return { file: this.name, ...position(this.#lineStarts, offset) };
  }

  /** Line and column of the value at a JSON pointer, or of its nearest parent that was written. */
  locate(pointer: string): SourceLocation {
    let node = this.root;
    for (const step of pointerSteps(pointer)) {
      const next = childOf(node, step);
      if (next === undefined) break;
      node = next;
    }
    return this.location(node.offset);
  }

  /** The plain value: null-prototype objects, arrays, scalars. A new copy each time. */
  toJson(): unknown {
    return nodeToJson(this.root);
  }
}

/** The plain value of a node. */
export function nodeToJson(node: YamlNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "sequence") return node.items.map(nodeToJson);
  const object = Object.create(null) as Record<string, unknown>;
  for (const { key, node: value } of node.entries) object[key] = nodeToJson(value);
  return object;
}

/** The value under `key` of a mapping. */
export function entryOf(node: YamlNode | undefined, key: string): YamlEntry | undefined {
  return node?.kind === "mapping" ? node.entries.find((entry) => entry.key === key) : undefined;
}

/** Keys and indexes of a JSON pointer. */
export function pointerSteps(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replace(/~1/g, "/").replace(/~0/g, "~"));
}

/** A JSON pointer one step deeper. */
export function pointerTo(parent: string, step: string | number): string {
  if (typeof step === "number" || !/[~/]/.test(step)) return `${parent}/${step}`;
  return `${parent}/${step.replace(/~/g, "~0").replace(/\//g, "~1")}`;
}

function childOf(node: YamlNode, step: string): YamlNode | undefined {
  return node.kind === "sequence" ? node.items[Number(step)] : entryOf(node, step)?.node;
}

/** Offsets at which the lines of a text begin. Lines end as YAML has it: LF, CR LF or CR. */
export function startsOfLines(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return starts;
}

/** Line and column, both from 1, of an offset. */
export function position(lineStarts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lineStarts[low] as number) + 1 };
}
