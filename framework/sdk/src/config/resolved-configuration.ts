import { dirname, join } from "node:path";
import type { DatapyError } from "@datapy/mod-kit";
import { FaultList, shownFaults } from "../faults.js";
import type { SecretReader } from "../secrets/secret-reader.js";
import { artifactRetention } from "./artifact-retention.js";
import { absolutePath } from "./absolute-path.js";
import { collectSecretReferences } from "./collect-secret-references.js";
import { section } from "./config-sources.js";
import type { ProjectFile, ProjectLayers, RunFile } from "./config-sources.js";
import type {
  ArtifactRetention,
  Configuration,
  ConfigurationRequest,
  LoggingSettings,
  ReferenceScope,
  ResolveRequest,
  ResolvedParameters,
} from "./configuration-types.js";
import { Expander } from "./expander.js";
import type { ProjectSearch } from "./find-project.js";
import { layerParameters, setParameters } from "./layer-parameters.js";
import { loggingSettings } from "./logging-settings.js";
import type { SetValue } from "./parse-set.js";
import { realizeParameters } from "./realize-parameters.js";
import { emptyObject, mergeLayers } from "./traced-value.js";
import type { TracedObject, TracedValue } from "./traced-value.js";

/** What was read of files and arguments, not yet expanded. */
export interface ConfigurationParts {
  readonly request: ConfigurationRequest;
  readonly search: ProjectSearch;
  readonly project: ProjectFile | undefined;
  readonly environment: string | undefined;
  readonly overlay: ProjectLayers | undefined;
  readonly runFile: RunFile | undefined;
  readonly sets: readonly SetValue[];
  /** Globals of project, environment, job, script and `--set`, merged. */
  readonly globals: TracedObject;
  readonly reader: SecretReader;
  /** Grows as secrets are read. */
  readonly secrets: string[];
  /** Folder of the project file, else the working directory. */
  readonly stateFolder: string;
}

/** The configuration of an invocation. Made by `loadConfiguration`. */
export class ResolvedConfiguration implements Configuration {
  readonly cwd: string;
  readonly dataFolder: string;
  readonly project: Configuration["project"];
  readonly environment: string | undefined;
  readonly hasStructuredFiles: boolean;
  readonly searched: readonly string[];
  globals: Readonly<Record<string, unknown>> = Object.create(null) as Record<string, unknown>;
  logging: LoggingSettings = {};
  artifactRetention: ArtifactRetention = {};
  workPath = "";

  constructor(
    /** Everything as written: for explaining and linting. */
    readonly parts: ConfigurationParts,
  ) {
    this.cwd = parts.request.cwd;
    this.dataFolder = parts.request.dataFolder ?? parts.request.cwd;
    this.environment = parts.environment;
    this.hasStructuredFiles =
      parts.project !== undefined || (parts.runFile !== undefined && parts.runFile.form !== "flat");
    this.searched = parts.search.searched;
    this.project = describeProject(parts.project);
  }

  /** The same configuration, which leaves what only a run can answer as it is written. */
  forPlanning(): ResolvedConfiguration {
    const planning = new ResolvedConfiguration({ ...this.parts, request: { ...this.parts.request, preview: true } });
    planning.globals = this.globals;
    planning.logging = this.logging;
    planning.workPath = this.workPath;
    return planning;
  }

  get secrets(): readonly string[] {
    return this.parts.secrets;
  }

  /** Expands globals and logging. Called once, by `loadConfiguration`. */
  async open(faults: DatapyError[]): Promise<void> {
    const { globals, project, overlay, stateFolder, request } = this.parts;
    const layers = [project?.logging, overlay?.logging].filter((layer) => layer !== undefined);
    const logging = layers.length === 0 ? undefined : mergeLayers(layers);
    await this.#readSecrets(logging === undefined ? [globals] : [globals, logging]);
    const expander = this.#expander(request.references, undefined);
    this.globals = expander.expandTree(globals, faults) as Record<string, unknown>;
    this.logging = loggingSettings(
      { logging, globals, projectFile: project?.document.name, cwd: this.cwd },
      expander,
      faults,
    );
    this.artifactRetention = artifactRetention(project?.root, faults);
    const workPath = this.globals["work_path"];
    const hasOwn = typeof workPath === "string" && workPath !== "";
    this.workPath = hasOwn ? absolutePath(workPath, stateFolder) : join(stateFolder, ".datapy");
  }

  /** Folder that a relative `base_path` is taken from: that of the project file where it is written there, else that of the data. */
  baseOf(basePath: TracedValue | undefined): string {
    const file = this.parts.project?.document.name;
    const isOfProject = file !== undefined && basePath?.location?.file === file;
    return isOfProject && this.dataFolder === this.cwd ? dirname(file) : this.dataFolder;
  }

  async resolve(request: ResolveRequest): Promise<ResolvedParameters> {
    const { resolved, faults } = await this.preview(request);
    if (faults.length > 0) throw new FaultList(shownFaults(faults));
    return resolved;
  }

  async preview(request: ResolveRequest): Promise<{ resolved: ResolvedParameters; faults: DatapyError[] }> {
    const faults: DatapyError[] = [];
    const merged = layerParameters({ ...this.parts, script: this.parts.request.script }, request, faults);
    if (faults.length > 0) throw new FaultList(faults);
    await this.#readSecrets([merged]);
    const expander = this.#expander(request.references, request.references);
    const resolved = realizeParameters(
      { merged, schema: request.schema, expander, baseOf: (node) => this.baseOf(node) },
      faults,
    );
    for (const secret of resolved.secrets) this.parts.request.masker?.add(secret);
    return { resolved: { ...resolved, secrets: [...new Set([...this.parts.secrets, ...resolved.secrets])] }, faults };
  }

  async scriptParameters(): Promise<Readonly<Record<string, unknown>>> {
    const faults: DatapyError[] = [];
    const { runFile, sets, request } = this.parts;
    const given = runFile?.form === "flat" ? runFile.root : section(runFile?.root, "params", faults);
    const layers = [
      emptyObject("params"),
      ...(given === undefined ? [] : [given]),
      ...setParameters(sets, ["mod"], ""),
    ];
    const merged = mergeLayers(layers);
    await this.#readSecrets([merged]);
    const values = this.#expander(request.references, undefined).expandTree(merged, faults) as Record<string, unknown>;
    if (faults.length > 0) throw new FaultList(shownFaults(faults));
    return values;
  }

  /** The plain value of anything that was written in the file, with its references replaced. Rejects with `FaultList`. */
  async expandValue(node: TracedValue, references: ReferenceScope): Promise<unknown> {
    await this.#readSecrets([node]);
    const faults: DatapyError[] = [];
    const value = this.#expander(references, references).expandTree(node, faults);
    if (faults.length > 0) throw new FaultList(faults);
    return value;
  }

  async #readSecrets(roots: readonly TracedValue[]): Promise<void> {
    const { globals, project, reader } = this.parts;
    for (const { provider, key } of collectSecretReferences(roots, { globals, project: project?.root })) {
      await reader.read(provider, key);
    }
  }

  #expander(
    scope: Pick<ReferenceScope, "session" | "run"> | undefined,
    step: Pick<ReferenceScope, "mods" | "item" | "added"> | undefined,
  ): Expander {
    const { globals, project, reader, request } = this.parts;
    return new Expander({
      globals,
      project: project?.root,
      env: request.env,
      session: scope?.session,
      run: scope?.run,
      mods: step?.mods,
      item: step?.item,
      added: step?.added,
      preview: request.preview === true,
      secret: (provider, key) => reader.get(provider, key),
      places: { globals: this.#placesOfGlobals(), project: this.#placesOfProject() },
    });
  }

  #placesOfGlobals(): string {
    const { project, overlay, environment, runFile } = this.parts;
    const places = [
      ...(runFile !== undefined && runFile.form !== "flat" ? [`globals of ${runFile.document.name}`] : []),
      ...(overlay === undefined ? [] : [`environment ${environment ?? ""} of ${project?.document.name ?? ""}`]),
      ...(project === undefined ? [] : [`globals of ${project.document.name}`]),
      "--set globals.…",
    ];
    return `looked in ${places.join(", ")}`;
  }

  #placesOfProject(): string {
    const { project } = this.parts;
    if (project !== undefined) return `looked in ${project.document.name}`;
    return `no project file was found (looked for ${this.searched.join(", ")})`;
  }
}

function describeProject(project: ProjectFile | undefined): Configuration["project"] {
  if (project === undefined) return undefined;
  const text = (key: string): string | undefined => {
    const node = project.root.entries.get(key);
    return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
  };
  return { file: project.document.name, name: text("project_name"), version: text("project_version") };
}
