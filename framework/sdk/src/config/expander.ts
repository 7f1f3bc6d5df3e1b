import type { DatapyError, SourceLocation } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import type { ErrorCode } from "../errors.js";
import { closestName } from "./closest-name.js";
import type { ReferenceScope } from "./configuration-types.js";
import { shownReference } from "./references.js";
import type { Reference, TemplatePart } from "./references.js";
import type { TracedObject, TracedScalar, TracedValue } from "./traced-value.js";

/** What references are looked up in. */
export interface ExpansionSources {
  readonly globals: TracedObject;
  /** The project file's contents; `undefined` when there is none. */
  readonly project: TracedObject | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly session: ReferenceScope["session"] | undefined;
  readonly run: ReferenceScope["run"] | undefined;
  /** `undefined` where steps cannot be referred to: in globals and logging. */
  readonly mods: ReferenceScope["mods"] | undefined;
  /** The item of a step with `foreach`; `undefined` elsewhere. */
  readonly item: unknown;
  /** Globals that steps have added, which lie over the configured ones. */
  readonly added: Readonly<Record<string, unknown>> | undefined;
  /** Whether what only a run can answer stays as it is written. */
  readonly preview: boolean;
  /** A secret fetched before: its value, or why there is none. */
  readonly secret: (
    provider: string,
    key: string,
  ) => { readonly value: string } | { readonly code: ErrorCode; readonly detail: string };
  /** Where globals were looked for, in words. */
  readonly places: { readonly globals: string; readonly project: string };
}

/** An expanded value. `fromText`: it came from the environment, where everything is text, so a schema may read a number in it. */
export interface Expanded {
  readonly value: unknown;
  readonly fromText: boolean;
}

type Outcome = Expanded | { readonly faults: readonly DatapyError[] };

interface Place {
  readonly raw: string;
  /** Found when it is asked for: most references are right. */
  readonly location: SourceLocation | undefined;
}

/** Faults of one tree that are kept; nobody reads as many. */
const MOST_FAULTS = 1000;

/** Most references that may lead from one to the next. */
const LONGEST_CHAIN = 100;

/** Replaces references by values, once: what a reference gave is never looked at again. */
export class Expander {
  readonly #sources: ExpansionSources;
  readonly #done = new Map<TracedScalar, Outcome>();
  readonly #underWay: { readonly node: TracedScalar; readonly name: string }[] = [];

  constructor(sources: ExpansionSources) {
    this.#sources = sources;
  }

  /** The value of one text (or number, …), or the faults that it has. A fault in what it refers to is its own fault too. */
  expand(node: TracedScalar): Outcome {
    const parts = node.template;
    if (parts === undefined) return { value: node.value, fromText: false };
    let outcome = this.#done.get(node);
    if (outcome === undefined) {
      outcome = this.#expandText(node, parts);
      this.#done.set(node, outcome);
    }
    return outcome;
  }

  /** The plain value of a whole tree. */
  expandTree(node: TracedValue, faults: DatapyError[]): unknown {
    if (node.kind === "scalar") {
      const outcome = this.expand(node);
      if ("value" in outcome) return outcome.value;
      for (const one of outcome.faults) if (faults.length < MOST_FAULTS && !faults.includes(one)) faults.push(one);
      return undefined;
    }
    if (node.kind === "array") return node.items.map((item) => this.expandTree(item, faults));
    const object = Object.create(null) as Record<string, unknown>;
    for (const [key, value] of node.entries) object[key] = this.expandTree(value, faults);
    return object;
  }

  #expandText(node: TracedScalar, parts: readonly TemplatePart[]): Outcome {
    const values: Expanded[] = [];
    const faults: DatapyError[] = [];
    for (const part of parts) {
      const outcome = part.kind === "text" ? { value: part.text, fromText: false } : this.#lookUp(part, node);
      if ("value" in outcome) values.push(outcome);
      else faults.push(...outcome.faults.filter((one) => !faults.includes(one)));
    }
    if (faults.length > 0) return { faults };
    const [only] = values;
    if (values.length === 1 && only !== undefined) return only;
    let joined = "";
    for (const [index, { value }] of values.entries()) {
      if (typeof value === "object" || value === undefined) {
        const part = parts[index] as TemplatePart & { kind: "reference" };
        const given = value === null ? "null" : Array.isArray(value) ? "a list" : "a mapping";
        return {
          faults: [
            fault(
              "DATAPY_REFERENCE_NOT_TEXT",
              { reference: shownReference(part.raw), given },
              { location: placeOf(part, node) },
            ),
          ],
        };
      }
      joined += typeof value === "string" ? value : JSON.stringify(value);
    }
    return { value: joined, fromText: false };
  }

  #lookUp(part: TemplatePart & { kind: "reference" }, node: TracedScalar): Outcome {
    const place: Place = {
      raw: part.raw,
      get location() {
        return placeOf(part, node);
      },
    };
    const reference = part.reference;
    if (this.#sources.preview && ["session", "run", "mods", "item"].includes(reference.kind)) return given(part.raw);
    switch (reference.kind) {
      case "faulty":
        return failed("DATAPY_REFERENCE_SYNTAX", place, reference.detail);
      case "env":
        return this.#environment(reference, place);
      case "session":
        return this.#sources.session === undefined
          ? unknown(place, "no session has begun")
          : given(this.#sources.session.id);
      case "run":
        return this.#sources.run === undefined ? unknown(place, "no run has begun") : given(this.#sources.run.date);
      case "globals": {
        const added = this.#sources.added === undefined ? undefined : follow(this.#sources.added, reference.path);
        if (added !== undefined) return given(added);
        return this.#traced(
          this.#sources.globals,
          reference.path,
          "globals",
          this.#sources.places.globals,
          place,
          node,
        );
      }
      case "project": {
        const { project, places } = this.#sources;
        if (project === undefined) return unknown(place, places.project);
        return this.#traced(project, reference.path, "project", places.project, place, node);
      }
      case "mods":
        return this.#step(reference, place);
      case "item": {
        if (this.#sources.item === undefined) return unknown(place, "only a step with foreach has an item");
        const value = follow(this.#sources.item, reference.path);
        if (value !== undefined) return given(value);
        return lacking(place, reference.path, this.#sources.item);
      }
      case "secret": {
        const found = this.#sources.secret(reference.provider, reference.key);
        if ("value" in found) return { value: found.value, fromText: true };
        const details = { reference: shownReference(place.raw), provider: reference.provider, detail: found.detail };
        return { faults: [fault(found.code, details, { location: place.location })] };
      }
    }
  }

  #environment(reference: Reference & { kind: "env" }, place: Place): Outcome {
    const { env } = this.#sources;
    const value = Object.hasOwn(env, reference.name) ? env[reference.name] : undefined;
    if (value !== undefined && (value !== "" || reference.fallback === undefined)) return { value, fromText: true };
    if (reference.fallback !== undefined) return { value: reference.fallback, fromText: true };
    return unknown(place, `the environment variable ${reference.name} is not set`);
  }

  #traced(
    root: TracedObject,
    path: readonly string[],
    namespace: string,
    looked: string,
    place: Place,
    from: TracedScalar,
  ): Outcome {
    let node: TracedValue = root;
    for (const [index, step] of path.entries()) {
      const next: TracedValue | undefined =
        node.kind === "object" ? node.entries.get(step) : node.kind === "array" ? node.items[Number(step)] : undefined;
      if (next === undefined) {
        // A value that is itself a reference may hold what the path asks for.
        if (node.kind === "scalar") return this.#inside(node, path.slice(index), place, from, namespace);
        return absent(place, `${namespace}.${path.slice(0, index + 1).join(".")}`, step, namesIn(node), looked);
      }
      node = next;
    }
    return this.#guarded(node, place, from);
  }

  /** Goes on along `path` in what a text that is a reference gives. */
  #inside(node: TracedScalar, path: readonly string[], place: Place, from: TracedScalar, namespace: string): Outcome {
    const outcome = this.#guarded(node, place, from);
    if (!("value" in outcome)) return outcome;
    const value = follow(outcome.value, path);
    if (value === undefined) return unknown(place, `${namespace} has no ${path.join(".")} there`);
    return given(value);
  }

  #guarded(node: TracedValue, place: Place, from: TracedScalar): Outcome {
    const start = this.#underWay.findIndex((one) => one.node === from);
    if (start !== -1) {
      const names = [...this.#underWay.slice(start).map((one) => one.name), this.#underWay[start]?.name ?? ""];
      return { faults: [fault("DATAPY_REFERENCE_CYCLE", { cycle: names.join(" → ") }, { location: place.location })] };
    }
    if (this.#underWay.length >= LONGEST_CHAIN) {
      const details = { reference: shownReference(place.raw), count: LONGEST_CHAIN };
      return { faults: [fault("DATAPY_REFERENCE_CHAIN", details, { location: place.location })] };
    }
    this.#underWay.push({ node: from, name: place.raw });
    try {
      if (node.kind === "scalar") return this.expand(node);
      const faults: DatapyError[] = [];
      const value = this.expandTree(node, faults);
      return faults.length > 0 ? { faults } : given(value);
    } finally {
      this.#underWay.pop();
    }
  }

  #step(reference: Reference & { kind: "mods" }, place: Place): Outcome {
    const { mods } = this.#sources;
    if (mods === undefined)
      return unknown(place, "globals, logging and project settings are read before any step has run");
    const names = Object.hasOwn(mods, reference.step) ? [reference.step] : Object.keys(mods);
    const name = names.find((one) => one === reference.step) ?? names.find((one) => sameStep(one, reference.step));
    const step = name === undefined ? undefined : mods[name];
    if (step === undefined) {
      return absent(
        place,
        `step ${reference.step}`,
        reference.step,
        names,
        "only steps that have run can be referred to",
      );
    }
    const value = follow(step[reference.part], reference.path);
    if (value !== undefined) return given(value);
    const wanted = reference.path.join(".");
    return absent(
      place,
      `${reference.part}.${wanted} of step ${reference.step}`,
      wanted,
      Object.keys(step[reference.part]),
      "",
    );
  }
}

/** Whether two spellings name one step or mod: `-` and `_` are alike. */
export function sameStep(one: string, other: string): boolean {
  return one.replace(/-/g, "_") === other.replace(/-/g, "_");
}

function placeOf(part: TemplatePart & { kind: "reference" }, node: TracedScalar): SourceLocation | undefined {
  return node.locateInside(part.index, part.raw);
}

function given(value: unknown): Expanded {
  return { value, fromText: false };
}

function failed(code: ErrorCode, place: Place, detail: string, hint?: string): Outcome {
  return {
    faults: [fault(code, { reference: shownReference(place.raw), detail }, { location: place.location, hint })],
  };
}

function unknown(place: Place, detail: string): Outcome {
  return failed("DATAPY_REFERENCE_UNKNOWN", place, detail);
}

function absent(place: Place, what: string, name: string, present: readonly string[], looked: string): Outcome {
  const near = closestName(name, present);
  const list = present.length === 0 ? "" : ` (there is ${listOf(present)})`;
  const detail = `there is no ${what}${list}${looked === "" ? "" : `; ${looked}`}`;
  return failed("DATAPY_REFERENCE_UNKNOWN", place, detail, near === undefined ? undefined : `Did you mean ${near}?`);
}

/** What the item of a foreach does not have, and what it has. */
function lacking(place: Place, path: readonly string[], item: unknown): Outcome {
  const within = path.length === 1 && typeof item === "object" && item !== null && !Array.isArray(item);
  const present = within ? Object.keys(item) : [];
  const near = closestName(path[0] ?? "", present);
  const list = present.length === 0 ? "" : ` (it has ${listOf(present)})`;
  const hint = near === undefined ? undefined : `Did you mean ${near}?`;
  return failed("DATAPY_REFERENCE_UNKNOWN", place, `the item has no ${path.join(".")}${list}`, hint);
}

/** The first dozen of some names. */
export function listOf(names: readonly string[]): string {
  return `${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`;
}

function namesIn(node: TracedValue): string[] {
  return node.kind === "object" ? [...node.entries.keys()] : [];
}

function follow(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string, unknown>)[step];
  }
  return current;
}
