export { loadConfiguration } from "./load-configuration.js";
export type {
  ArtifactRetention,
  Configuration,
  ConfigurationRequest,
  LayerName,
  LoggingSettings,
  OverriddenValue,
  ReferenceScope,
  ResolveRequest,
  ResolvedParameters,
  ValueOrigin,
} from "./configuration-types.js";
export { explainParameters, explainSources } from "./explain-configuration.js";
export type { ExplainedParameters, ExplainedSources, ExplainedValue } from "./explain-configuration.js";
export { explainFile } from "./explain-file.js";
export type { ExplainedFile } from "./explain-file.js";
export { findProject } from "./find-project.js";
export { jobOutline } from "./job-outline.js";
export type { OutlinedStep } from "./job-outline.js";
export { YAML_LIMITS, parseYaml } from "./parse-yaml.js";
export { projectGives } from "./project-gives.js";
export type { YamlDocument } from "./yaml-document.js";
