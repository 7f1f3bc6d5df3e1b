import { dirname } from "node:path";
import type { DatapyError } from "@datapy/mod-kit";
import { isDatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { FaultList, shownFaults } from "../faults.js";
import { DEFAULT_PROVIDERS, SecretReader } from "../secrets/secret-reader.js";
import type { AllowedProviders } from "../secrets/secret-reader.js";
import { closestName } from "./closest-name.js";
import { kindOf, layersOf, readSourceFile, splitProjectFile, splitRunFile } from "./config-sources.js";
import type { ProjectFile, ProjectLayers, RunFile } from "./config-sources.js";
import { ResolvedConfiguration } from "./resolved-configuration.js";
import type { Configuration, ConfigurationRequest } from "./configuration-types.js";
import { findProject } from "./find-project.js";
import { nestValue, parseSet } from "./parse-set.js";
import type { SetValue } from "./parse-set.js";
import { NotJsonError, emptyObject, mergeLayers, traceJson } from "./traced-value.js";
import type { TracedObject } from "./traced-value.js";

/**
 * Reads the project file, the file of `-p` or of the job, the environment overlay and `--set`: once for an invocation.
 *
 * @throws FaultList with every fault that was found (`DATAPY_FILE_…`, `DATAPY_YAML_…`, `DATAPY_CONFIG_SHAPE`, `DATAPY_SET_INVALID`,
 * `DATAPY_ENVIRONMENT_UNKNOWN`, `DATAPY_REFERENCE_…`, `DATAPY_SECRET_…`), exit code 20.
 */
export async function loadConfiguration(request: ConfigurationRequest): Promise<Configuration> {
  const faults: DatapyError[] = [];
  const runFile = attempt(faults, () => readRunFile(request, faults));
  const search =
    request.project === undefined
      ? findProject(request.cwd, namedFiles(request))
      : { file: request.project?.name, searched: [] };
  const project = attempt(faults, () => readProject(request, search.file, faults));
  const sets = (request.sets ?? []).flatMap((argument) => attempt(faults, () => [parseSet(argument)]) ?? []);
  const environment = chooseEnvironment(request, project, faults);
  const scriptGlobals = attempt(faults, () => traceGlobals(request.globals));
  if (faults.length > 0) throw new FaultList(faults);

  const overlay: ProjectLayers | undefined = environment?.layers;
  const secrets: string[] = [];
  const reader = new SecretReader({
    allowed: allowedProviders(project, faults),
    env: request.env,
    directory: project === undefined ? request.cwd : dirname(project.document.name),
    found: (value) => {
      secrets.push(value);
      request.masker?.add(value);
    },
  });
  const layers = [
    project?.globals,
    overlay?.globals,
    runFile?.form === "flat" ? undefined : runFile?.globals,
    scriptGlobals,
    setGlobals(sets),
  ];
  const configuration = new ResolvedConfiguration({
    request,
    search,
    project,
    environment: environment?.name,
    overlay,
    runFile,
    sets,
    globals: mergeLayers(layers.filter((layer) => layer !== undefined)),
    reader,
    secrets,
    stateFolder: project === undefined ? request.cwd : dirname(project.document.name),
  });
  await configuration.open(faults);
  if (faults.length > 0) throw new FaultList(shownFaults(faults));
  return configuration;
}

function namedFiles({ file, script }: ConfigurationRequest): string[] {
  return [...(file !== undefined && "path" in file ? [file.path] : []), ...(script === undefined ? [] : [script])];
}

function readRunFile(request: ConfigurationRequest, faults: DatapyError[]): RunFile | undefined {
  if (request.file === undefined) return undefined;
  return splitRunFile(readSourceFile(request, request.file, "params"), faults, request.cwd);
}

function readProject(
  request: ConfigurationRequest,
  path: string | undefined,
  faults: DatapyError[],
): ProjectFile | undefined {
  if (path === undefined) return undefined;
  const file = request.project ?? { path };
  return splitProjectFile(readSourceFile(request, file, "project"), faults);
}

function chooseEnvironment(
  request: ConfigurationRequest,
  project: ProjectFile | undefined,
  faults: DatapyError[],
): { readonly name: string; readonly layers: ProjectLayers } | undefined {
  const asked = request.environmentName;
  const variable = request.env["DATAPY_ENV"];
  const name = asked ?? (variable === "" ? undefined : variable);
  if (name === undefined) return undefined;
  const environments = project?.environments;
  if (environments === undefined) {
    // A variable that is set for a whole machine says nothing to a project without environments; an option does.
    if (asked === undefined) return undefined;
    const detail =
      project === undefined ? "no project_defaults.yaml was found" : `${project.document.name} has no environments`;
    faults.push(fault("DATAPY_ENVIRONMENT_UNKNOWN", { name, detail }));
    return undefined;
  }
  const overlay = environments.entries.get(name);
  if (overlay === undefined) {
    const names = [...environments.entries.keys()];
    const near = closestName(name, names);
    const hint = near === undefined ? undefined : `Did you mean ${near}?`;
    const detail = `${project?.document.name ?? ""} has ${names.length === 0 ? "none" : names.join(", ")}`;
    faults.push(fault("DATAPY_ENVIRONMENT_UNKNOWN", { name, detail }, { location: environments.location, hint }));
    return undefined;
  }
  if (overlay.kind === "object") return { name, layers: layersOf(overlay, "environment", faults) };
  if (overlay.kind === "scalar" && overlay.value === null)
    return { name, layers: layersOf(emptyObject("environment"), "environment", faults) };
  const details = { what: `environments.${name}`, expected: "a mapping", given: kindOf(overlay) };
  faults.push(fault("DATAPY_CONFIG_SHAPE", details, { location: overlay.location }));
  return undefined;
}

function traceGlobals(globals: Readonly<Record<string, unknown>> | undefined): TracedObject | undefined {
  if (globals === undefined) return undefined;
  try {
    return traceJson(globals, "globals", { location: { file: "setGlobalConfig" } }) as TracedObject;
  } catch (error) {
    if (!(error instanceof NotJsonError)) throw error;
    throw fault(
      "DATAPY_PARAMETER_NOT_JSON",
      { what: `global ${error.pointer.slice(1) || "values"}`, given: error.given },
      { cause: error },
    );
  }
}

function setGlobals(sets: readonly SetValue[]): TracedObject | undefined {
  const values = sets.filter((set) => set.target.kind === "globals").map((set) => nestValue(set.path, set.value));
  return values.length === 0 ? undefined : mergeLayers(values);
}

/** `secrets: { providers: [env, file] }` or `secrets: { providers: { env: {}, vault: { module: … } } }`. */
export function allowedProviders(project: ProjectFile | undefined, faults: DatapyError[]): AllowedProviders {
  const providers = project?.secrets?.entries.get("providers");
  if (providers === undefined) return DEFAULT_PROVIDERS;
  const allowed = new Map<string, Readonly<Record<string, unknown>>>();
  const refuse = (expected: string): void => {
    const details = { what: "secrets.providers", expected, given: kindOf(providers) };
    faults.push(fault("DATAPY_CONFIG_SHAPE", details, { location: providers.location }));
  };
  if (providers.kind === "array") {
    for (const item of providers.items) {
      if (item.kind === "scalar" && typeof item.value === "string") allowed.set(item.value, {});
      else refuse("a list of names");
    }
  } else if (providers.kind === "object") {
    for (const [name, options] of providers.entries) {
      const value: unknown = options.kind === "object" ? plainOptions(options) : {};
      allowed.set(name, value as Readonly<Record<string, unknown>>);
    }
  } else if (providers.value !== null) refuse("a list of names, or a mapping of names to options");
  return allowed;
}

function plainOptions(options: TracedObject): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of options.entries) if (value.kind === "scalar") plain[key] = value.value;
  return plain;
}

/** Runs `action`; faults that it throws are noted. */
function attempt<Value>(faults: DatapyError[], action: () => Value): Value | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof FaultList) faults.push(...error.faults);
    else if (isDatapyError(error)) faults.push(error);
    else throw error;
    return undefined;
  }
}
