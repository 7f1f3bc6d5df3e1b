import { basename, dirname, join } from "node:path";
import { existsSync } from "node:fs";
import { isDatapyError } from "@datapy/mod-kit";
import { layersOf, splitProjectFile, splitRunFile } from "../config/config-sources.js";
import type { ProjectFile, SourceFile } from "../config/config-sources.js";
import { PROJECT_FILE, findProject } from "../config/find-project.js";
import { modOfModeline } from "../config/modeline.js";
import { checkTestFile } from "../pipeline-tests/read-test-file.js";
import { readYaml } from "../config/parse-yaml.js";
import { readYamlFile } from "../config/read-yaml-file.js";
import { allowedProviders } from "../config/load-configuration.js";
import { emptyObject, mergeLayers, traceYaml } from "../config/traced-value.js";
import type { TracedObject } from "../config/traced-value.js";
import { yamlExcerpt } from "../config/yaml-excerpt.js";
import { fault } from "../errors.js";
import { discoverMods } from "../registry/discover-mods.js";
import { findMod } from "../registry/find-mod.js";
import type { Registry } from "../registry/registry-types.js";
import { checkLeadingZeros } from "./check-leading-zeros.js";
import { classifyFile } from "./classify-file.js";
import type { FileKind } from "./classify-file.js";
import { restate } from "../restate.js";
import { FindingList, findingKey, sortFindings } from "./finding.js";
import type { Finding } from "./finding.js";
import { findFiles } from "./find-files.js";
import { checkJob } from "./check-job.js";
import { checkParameterFile } from "./check-parameter-file.js";
import { checkProject } from "./check-project.js";
import type { LintContext, LintParts, ModLookup } from "./lint-context.js";

/** What is to be checked. */
export interface LintRequest {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files, folders and globs. Default the working directory. */
  readonly paths: readonly string[];
  /** Checks against this environment alone. Default against each one of the project. */
  readonly environmentName?: string | undefined;
  /** Mod that flat parameter files are for, where they do not say it in a comment. */
  readonly mod?: string | undefined;
  /** Default: a new discovery from the working directory. */
  readonly registry?: Registry | undefined;
}

/** What was found. */
export interface LintReport {
  /** Absolute paths of the files that were checked, sorted. */
  readonly files: readonly string[];
  /** Sorted by file, line and column. */
  readonly findings: readonly Finding[];
  readonly errors: number;
  readonly warnings: number;
}

/**
 * Checks project, job and parameter files: every fault of all of them at once. Nothing is run and no mod is imported: what mods take
 * is read from their manifests. A file that cannot be read, or a pattern that names none, is a finding too.
 */
export function lintPaths(request: LintRequest): LintReport {
  const linter = new Linter(request);
  for (const pattern of request.paths.length === 0 ? ["."] : request.paths) linter.lintPattern(pattern);
  return linter.report();
}

/** The same for one text that is not (yet) in a file, such as what an editor holds. `path` is where it would be. */
export function lintText(text: string, path: string, request: Omit<LintRequest, "paths">): LintReport {
  const linter = new Linter({ ...request, paths: [] });
  linter.lintText(path, text, true);
  return linter.report();
}

class Linter {
  readonly #request: LintRequest;
  readonly #findings = new FindingList();
  readonly #files = new Set<string>();
  readonly #projects = new Map<string, ProjectFile | undefined>();
  readonly #lookups = new Map<string, ModLookup>();
  #registry: Registry | undefined;

  constructor(request: LintRequest) {
    this.#request = request;
  }

  report(): LintReport {
    const findings = sortFindings(this.#findings.all);
    const errors = findings.filter(({ severity }) => severity === "error").length;
    return { files: [...this.#files].sort(), findings, errors, warnings: findings.length - errors };
  }

  lintPattern(pattern: string): void {
    const { files, named } = findFiles(pattern, this.#request.cwd);
    if (files.length === 0 && named) this.#findings.error(fault("DATAPY_LINT_NO_FILES", { pattern }));
    for (const file of files) this.#lintFile(file, named);
  }

  #lintFile(path: string, named: boolean): void {
    if (this.#files.has(path)) return;
    let text: string;
    try {
      text = readYamlFile(path, this.#request.cwd);
    } catch (error) {
      if (!isDatapyError(error)) throw error;
      // Of a whole folder, what is no UTF-8 text or too large to be configuration is somebody else's.
      if (!named && basename(path) !== PROJECT_FILE) return;
      this.#files.add(path);
      this.#findings.error(error.location === undefined ? restate(error, { location: { file: path } }) : error);
      return;
    }
    this.lintText(path, text, named);
  }

  lintText(path: string, text: string, named: boolean): void {
    const { document, faults } = readYaml(text, path);
    const traced = document === undefined ? undefined : traceYaml(document.root, document, "params");
    const isEmpty = traced?.kind === "scalar" && traced.value === null;
    const root = isEmpty ? emptyObject("params", traced.location) : traced?.kind === "object" ? traced : undefined;
    const found = classifyFile(path, text, root);
    if (!named && found === "other") return this.#checkName(path);
    const kind: FileKind = found === "other" ? "params" : found;
    this.#files.add(path);
    for (const one of faults) this.#findings.add("error", one, yamlExcerpt(text, one.location ?? {}));
    if (document === undefined) return;
    if (root === undefined) {
      const details = { what: "the file", expected: "a mapping of keys to values", given: "something else" };
      this.#findings.error(fault("DATAPY_CONFIG_SHAPE", details, { location: traced?.location }));
      return;
    }
    checkLeadingZeros(document, this.#findings);
    this.#checkFile(kind, { document, root });
  }

  #checkFile(kind: FileKind, file: SourceFile): void {
    const path = file.document.name;
    if (kind === "test") return checkTestFile(file, this.#findings);
    if (kind === "project") {
      const { document } = file;
      const layered = traceYaml(document.root, document, "project");
      const root = layered.kind === "object" ? layered : emptyObject("project", layered.location);
      const project = splitProjectFile({ document, root }, []);
      this.#inEnvironments(project, (context) => checkProject(project, context), path);
      return;
    }
    const project = this.#projectFor(path);
    const runFile = splitRunFile(file, [], this.#request.cwd);
    const mod = modOfModeline(file.document.text) ?? this.#request.mod;
    this.#inEnvironments(
      project,
      (context) => {
        if (runFile.form !== "flat") checkJob(runFile, context);
        else if (kind === "job") checkJob({ ...file, form: "simple", globals: undefined, mods: undefined }, context);
        else checkParameterFile(runFile, mod, context);
      },
      path,
      runFile.form === "flat" ? undefined : runFile.globals,
      runFile,
    );
  }

  /** Checks once for each environment; what holds in all of them is said once, the rest names its environment. */
  #inEnvironments(
    project: ProjectFile | undefined,
    check: (context: LintContext) => void,
    path: string,
    globals?: TracedObject,
    runFile?: LintParts["runFile"],
  ): void {
    const asked = this.#request.environmentName;
    const names = [...(project?.environments?.entries.keys() ?? [])];
    const chosen: (string | undefined)[] = asked !== undefined ? [asked] : names.length === 0 ? [undefined] : names;
    if (asked !== undefined && !names.includes(asked)) {
      const detail =
        project === undefined
          ? "no project_defaults.yaml was found"
          : `${project.document.name} has ${names.join(", ") || "none"}`;
      this.#findings.error(fault("DATAPY_ENVIRONMENT_UNKNOWN", { name: asked, detail }, { location: { file: path } }));
    }
    const lists = chosen.map((name) => {
      const overlayRoot = name === undefined ? undefined : project?.environments?.entries.get(name);
      const overlay = overlayRoot?.kind === "object" ? layersOf(overlayRoot, "environment", []) : undefined;
      const layers = [project?.globals, overlay?.globals, globals].filter((layer) => layer !== undefined);
      const findings = new FindingList();
      check({
        parts: { project, environment: name, overlay, runFile, sets: [], globals: mergeLayers(layers) },
        findings,
        findMod: (reference) => this.#findMod(reference),
        cwd: this.#request.cwd,
        providers: new Set(allowedProviders(project, []).keys()),
      });
      return { name, findings: findings.all };
    });
    this.#addAll(lists);
  }

  #addAll(lists: readonly { readonly name: string | undefined; readonly findings: readonly Finding[] }[]): void {
    const counts = new Map<string, number>();
    for (const { findings } of lists) {
      for (const { error } of findings) counts.set(findingKey(error), (counts.get(findingKey(error)) ?? 0) + 1);
    }
    for (const { name, findings } of lists) {
      for (const { severity, error, excerpt } of findings) {
        const everywhere = counts.get(findingKey(error)) === lists.length;
        this.#findings.add(
          severity,
          everywhere || name === undefined
            ? error
            : restate(error, { message: `${error.message} (environment ${name})` }),
          excerpt,
        );
      }
    }
  }

  /** The project of a file: found from its folder, else from the working directory. Its own faults are found when it is checked. */
  #projectFor(path: string): ProjectFile | undefined {
    const { file } = findProject(dirname(path), [join(this.#request.cwd, "any")]);
    if (file === undefined) return undefined;
    if (!this.#projects.has(file)) this.#projects.set(file, this.#readProject(file));
    return this.#projects.get(file);
  }

  #readProject(file: string): ProjectFile | undefined {
    let text: string;
    try {
      text = readYamlFile(file, this.#request.cwd);
    } catch (error) {
      if (!isDatapyError(error)) throw error;
      this.#findings.error(restate(error, { location: { file } }));
      return undefined;
    }
    const { document, faults } = readYaml(text, file);
    for (const one of faults) this.#findings.add("error", one, yamlExcerpt(text, one.location ?? {}));
    if (document === undefined) return undefined;
    const root = traceYaml(document.root, document, "project");
    return root.kind === "object" ? splitProjectFile({ document, root }, []) : undefined;
  }

  #findMod(reference: string): ModLookup {
    const known = this.#lookups.get(reference);
    if (known !== undefined) return known;
    const { cwd, env, registry } = this.#request;
    this.#registry ??= registry ?? discoverMods({ cwd, env });
    let lookup: ModLookup;
    try {
      lookup = { mod: findMod(reference, { cwd, env, registry: this.#registry }) };
    } catch (error) {
      lookup = { error };
    }
    this.#lookups.set(reference, lookup);
    return lookup;
  }

  /** A project file under another ending is passed over by every run. */
  #checkName(path: string): void {
    if (!/^project[_-]defaults\.ya?ml$/i.test(basename(path)) || existsSync(join(dirname(path), PROJECT_FILE))) return;
    this.#files.add(path);
    this.#findings.warning(fault("DATAPY_PROJECT_FILE_NAME", { file: basename(path) }, { location: { file: path } }));
  }
}
