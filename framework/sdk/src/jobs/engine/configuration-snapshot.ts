import type { ResolvedConfiguration } from "../../config/resolved-configuration.js";
import type { ConfigurationSnapshot } from "./engine-types.js";

/** All that a configuration was made from, as text. */
export function snapshotOf(configuration: ResolvedConfiguration): ConfigurationSnapshot {
  const { runFile, project, request } = configuration.parts;
  return {
    ...(runFile === undefined ? {} : { file: { name: runFile.document.name, text: runFile.document.text } }),
    project: project === undefined ? null : { name: project.document.name, text: project.document.text },
    ...(request.sets === undefined ? {} : { sets: request.sets }),
    ...(configuration.environment === undefined ? {} : { environmentName: configuration.environment }),
    ...(request.files === undefined ? {} : { files: request.files }),
    ...(request.globals === undefined ? {} : { globals: request.globals }),
  };
}
