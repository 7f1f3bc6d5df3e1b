export { jobEditorSchema, parametersEditorSchema, projectEditorSchema } from "./editor-schema.js";
export { initProject } from "../config/init-project.js";
export type { InitializedProject } from "../config/init-project.js";
export { SCHEMA_FOLDER, installSchemas, parametersModeline } from "./install-schemas.js";
export type { InstalledSchemas } from "./install-schemas.js";
export { JobSchema, StepSchema } from "./job-schema.js";
export type { JobFile, JobStep } from "./job-schema.js";
export { ProjectSchema } from "./project-schema.js";
export type { ProjectDefaults } from "./project-schema.js";
