export type { Finding, Severity } from "./finding.js";
export { LINT_FORMATS, asJson, formatFindings, summaryOf } from "./format-findings.js";
export type { LintFormat } from "./format-findings.js";
export { lintPaths, lintText } from "./lint-paths.js";
export type { LintReport, LintRequest } from "./lint-paths.js";
export { refuseLintErrors } from "./refuse-lint-errors.js";
