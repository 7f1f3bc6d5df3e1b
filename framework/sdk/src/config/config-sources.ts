import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { DatapyError, SourceLocation } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { FaultList } from "../faults.js";
import type { ConfigurationRequest, LayerName } from "./configuration-types.js";
import { canonicalModKey } from "./mod-key.js";
import { parseYaml } from "./parse-yaml.js";
import { readYamlFile } from "./read-yaml-file.js";
import { emptyObject, relayer, traceYaml, TracedObject, TracedScalar } from "./traced-value.js";
import type { TracedArray, TracedValue } from "./traced-value.js";
import type { YamlDocument } from "./yaml-document.js";

const SCRIPT_ENDING = /\.[cm]?[jt]s$/i;

/** A file of a project or job, read. */
export interface SourceFile {
  readonly document: YamlDocument;
  readonly root: TracedObject;
}

/** The parts of a file given with `-p` or as a job. */
export type RunFile = SourceFile &
  (
    | { readonly form: "flat" }
    | { readonly form: "simple"; readonly globals: TracedObject | undefined; readonly mods: TracedObject | undefined }
    | { readonly form: "graph"; readonly globals: TracedObject | undefined; readonly steps: readonly TracedObject[] }
  );

/** The layers of a project file. `environments` are the same, by name. */
export interface ProjectLayers {
  readonly modDefaults: TracedObject | undefined;
  readonly globals: TracedObject | undefined;
  readonly logging: TracedObject | undefined;
}

/** A project file, taken apart. */
export interface ProjectFile extends SourceFile, ProjectLayers {
  readonly environments: TracedObject | undefined;
  readonly secrets: TracedObject | undefined;
}

/** Reads and parses a YAML file whose root is a mapping (or nothing). Throws `FaultList`. */
export function readSourceFile(
  request: Pick<ConfigurationRequest, "cwd">,
  file: NonNullable<ConfigurationRequest["file"]>,
  layer: LayerName,
): SourceFile {
  const name = "path" in file ? resolve(request.cwd, file.path) : file.name;
  let text: string;
  try {
    if (SCRIPT_ENDING.test(name)) {
      const hint = `A script is run with \`datapy run-script ${name}\`.`;
      throw fault("DATAPY_FILE_UNREADABLE", { path: name, detail: "it is a script, and YAML is wanted" }, { hint });
    }
    text = "path" in file ? readYamlFile(name, request.cwd) : file.text;
  } catch (error) {
    throw isDatapyError(error) ? new FaultList([error]) : error;
  }
  const document = parseYaml(text, name);
  const root = traceYaml(document.root, document, layer);
  if (root.kind === "scalar" && root.value === null) return { document, root: emptyObject(layer, root.location) };
  if (root.kind !== "object") {
    throw new FaultList([
      fault(
        "DATAPY_CONFIG_SHAPE",
        { what: name, expected: "a mapping of keys to values", given: kindOf(root) },
        { location: root.location },
      ),
    ]);
  }
  return { document, root };
}

/**
 * Tells the flat form (a mapping of parameters) from the job forms: a file with `mods:` or `globals:` holding a mapping, or
 * `steps:` holding a list, is a job.
 */
export function formOf(root: TracedObject): RunFile["form"] {
  if (root.entries.get("steps")?.kind === "array") return "graph";
  const isJob = root.entries.get("mods")?.kind === "object" || root.entries.get("globals")?.kind === "object";
  return isJob ? "simple" : "flat";
}

/** Takes the file of `-p`, or a job, apart. */
export function splitRunFile(file: SourceFile, faults: DatapyError[], cwd = process.cwd()): RunFile {
  const { document, root } = file;
  const form = formOf(root);
  if (form === "flat") return { document, root, form };
  const globals = inLayer(section(root, "globals", faults), "globals");
  if (form === "simple") return { document, root, form, globals, mods: section(root, "mods", faults) };
  const steps = (root.entries.get("steps") as TracedArray).items
    .filter((item) => item.kind === "object")
    .map((step) => withModPath(step, dirname(document.name), cwd));
  return { document, root, form, globals, steps };
}

/** A step whose mod is a relative path: one that is not there from the working directory is taken from the folder of the job file. */
function withModPath(step: TracedObject, folder: string, cwd: string): TracedObject {
  const node = step.entries.get("mod");
  if (node?.kind !== "scalar" || typeof node.value !== "string" || !/^\.{1,2}[\\/]/.test(node.value)) return step;
  const beside = resolve(folder, node.value);
  if (existsSync(resolve(cwd, node.value)) || !existsSync(beside)) return step;
  const { layer, place, overrode, expands } = node;
  const entries = new Map(step.entries).set("mod", new TracedScalar({ layer, place, overrode, expands }, beside));
  return new TracedObject(step, entries, step.opaque);
}

/** Takes a project file apart. */
export function splitProjectFile(file: SourceFile, faults: DatapyError[]): ProjectFile {
  return {
    ...file,
    ...layersOf(file.root, "project", faults),
    environments: section(file.root, "environments", faults),
    secrets: section(file.root, "secrets", faults),
  };
}

/** `mod_defaults`, `globals` and `logging` of a project file or of one of its environments. */
export function layersOf(root: TracedObject, layer: LayerName, faults: DatapyError[]): ProjectLayers {
  const part = (key: string): TracedObject | undefined => inLayer(section(root, key, faults), layer);
  return { modDefaults: part("mod_defaults"), globals: part("globals"), logging: part("logging") };
}

/** The mapping under `key`; nothing under it (null) is an empty one. */
export function section(root: TracedObject | undefined, key: string, faults: DatapyError[]): TracedObject | undefined {
  return mappingAt(root?.entries.get(key), key, faults);
}

/** What a mapping of mods (`mods:`, `mod_defaults:`) holds for one mod, whichever way its key is spelled. */
export function entryForMod(
  mods: TracedObject | undefined,
  mod: string,
  faults: DatapyError[],
): TracedObject | undefined {
  if (mods === undefined) return undefined;
  const wanted = canonicalModKey(mod);
  const [first, second] = [...mods.entries].filter(([key]) => canonicalModKey(key) === wanted);
  if (first === undefined) return undefined;
  if (second !== undefined) {
    const line = first[1].location?.line ?? 0;
    faults.push(
      fault(
        "DATAPY_YAML_DUPLICATE_KEY",
        { key: `${second[0]} (also written ${first[0]})`, first: line },
        { location: second[1].location },
      ),
    );
  }
  return mappingAt(first[1], first[0], faults);
}

function inLayer(value: TracedObject | undefined, layer: LayerName): TracedObject | undefined {
  return value === undefined || value.layer === layer ? value : (relayer(value, layer) as TracedObject);
}

function mappingAt(value: TracedValue | undefined, key: string, faults: DatapyError[]): TracedObject | undefined {
  if (value === undefined) return undefined;
  if (value.kind === "object") return value;
  if (value.kind === "scalar" && value.value === null) return emptyObject(value.layer, value.location);
  faults.push(
    fault(
      "DATAPY_CONFIG_SHAPE",
      { what: key, expected: "a mapping", given: kindOf(value) },
      { location: value.location },
    ),
  );
  return undefined;
}

/** A value's kind in words, for messages. */
export function kindOf(value: TracedValue): string {
  if (value.kind === "array") return "a list";
  if (value.kind === "object") return "a mapping";
  if (value.value === null) return "null";
  return typeof value.value === "string" ? "a text" : `the ${typeof value.value} ${String(value.value)}`;
}

/** Where a value stands, for messages: `file:line`. */
export function describeLocation(location: SourceLocation | undefined): string {
  if (location === undefined) return "the mod's defaults";
  return location.line === undefined ? location.file : `${location.file}:${location.line}`;
}
