export { checkEnvelope } from "./check-envelope.js";
export type { EnvelopeCheck } from "./check-envelope.js";
export { exitCodeOf, isErrorExitCode } from "./exit-code-of.js";
export { NotJson, toJsonValue } from "./json-value.js";
export type { JsonValue } from "./json-value.js";
export { createResultBuilder, newRunId } from "./result-builder.js";
export type { ResultBuilderOptions } from "./result-builder.js";
