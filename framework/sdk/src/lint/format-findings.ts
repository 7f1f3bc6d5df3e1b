import { isAbsolute, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { ERROR_TABLE } from "../errors.js";
import type { ErrorCode } from "../errors.js";
import type { Finding } from "./finding.js";
import type { LintReport } from "./lint-paths.js";

/** Forms in which findings can be written. */
export const LINT_FORMATS = ["text", "json", "github", "sarif"] as const;

/** Form in which findings are written: for people, programs, annotations of GitHub Actions, code scanning (SARIF 2.1.0). */
export type LintFormat = (typeof LINT_FORMATS)[number];

/** The report as text of a format, without a line break at its end. Paths are relative to `cwd` where they lie below it. */
export function formatFindings(report: LintReport, format: LintFormat, cwd: string, version: string): string {
  switch (format) {
    case "text":
      return asText(report, cwd);
    case "json":
      return JSON.stringify(asJson(report, cwd), undefined, 2);
    case "github":
      return report.findings.map((finding) => asAnnotation(finding, cwd)).join("\n");
    case "sarif":
      return JSON.stringify(asSarif(report, cwd, version), undefined, 2);
  }
}

/** What `--format json` prints. */
export function asJson(report: LintReport, cwd: string): object {
  return {
    files: report.files.length,
    errors: report.errors,
    warnings: report.warnings,
    findings: report.findings.map(({ severity, error }) => ({
      file: shownPath(error.location?.file, cwd),
      line: error.location?.line ?? 1,
      column: error.location?.column ?? 1,
      severity,
      code: error.code,
      message: error.message,
      hint: error.hint ?? "",
    })),
  };
}

function asText(report: LintReport, cwd: string): string {
  const lines = report.findings.map(({ severity, error, excerpt }) => {
    const { line = 1, column = 1 } = error.location ?? {};
    const place = error.location === undefined ? "" : `${shownPath(error.location.file, cwd)}:${line}:${column}: `;
    return [`${place}${severity} ${error.code} ${withHint(error)}`, ...(excerpt === undefined ? [] : [excerpt])].join(
      "\n",
    );
  });
  return [...lines, summaryOf(report)].join("\n");
}

function withHint({ message, hint }: Finding["error"]): string {
  if (hint === undefined || hint === "") return message;
  return `${message}${/[.!?…]$/.test(message) ? "" : "."} ${hint}`;
}

/** `2 errors, 1 warning in 3 files`. */
export function summaryOf({ errors, warnings, files }: LintReport): string {
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  const faults = [
    ...(errors > 0 ? [count(errors, "error")] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
  ];
  return `${faults.length === 0 ? "no faults" : faults.join(", ")} in ${count(files.length, "file")}`;
}

/** Workflow commands: `%`, line breaks, and in properties `:` and `,`, are escaped as GitHub reads them. */
function asAnnotation({ severity, error }: Finding, cwd: string): string {
  const data = (text: string): string => text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
  const property = (text: string): string => data(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
  const { file, line = 1, column = 1 } = error.location ?? {};
  const place = file === undefined ? "" : `file=${property(shownPath(file, cwd))},line=${line},col=${column},`;
  return `::${severity} ${place}title=${property(error.code)}::${data(withHint(error))}`;
}

function asSarif(report: LintReport, cwd: string, version: string): object {
  const codes = [...new Set(report.findings.map(({ error }) => error.code))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "datapy", version, rules: codes.map(sarifRule) } },
        columnKind: "utf16CodeUnits",
        results: report.findings.map(({ severity, error }) => ({
          ruleId: error.code,
          ruleIndex: codes.indexOf(error.code),
          level: severity,
          message: { text: withHint(error) },
          ...(error.location === undefined
            ? {}
            : {
                locations: [
                  {
                    physicalLocation: {
                      artifactLocation: { uri: sarifUri(error.location.file, cwd) },
                      region: { startLine: error.location.line ?? 1, startColumn: error.location.column ?? 1 },
                    },
                  },
                ],
              }),
        })),
      },
    ],
  };
}

/** What a code scanning page tells of a rule; codes of mods are described by their findings alone. */
function sarifRule(id: string): object {
  const row = Object.hasOwn(ERROR_TABLE, id) ? ERROR_TABLE[id as ErrorCode] : undefined;
  if (row === undefined) return { id };
  return { id, shortDescription: { text: row.message }, help: { text: row.hint } };
}

function shownPath(file: string | undefined, cwd: string): string {
  if (file === undefined) return "";
  const near = relative(cwd, file);
  return near === "" || near.startsWith("..") || isAbsolute(near) ? file : near;
}

function sarifUri(file: string, cwd: string): string {
  const shown = shownPath(file, cwd);
  return isAbsolute(shown) ? pathToFileURL(shown).href : shown.split(sep).map(encodeURIComponent).join("/");
}
