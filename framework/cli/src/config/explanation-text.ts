import { relative, isAbsolute } from "node:path";
import type { ExplainedFile, ExplainedParameters, ExplainedValue } from "@datapy/sdk/configuration";
import { tableForStdout } from "../output/table.js";

/** An explanation for people: which files are in force, then a table for each step. */
export function explanationText(explained: ExplainedFile, cwd: string): string {
  const { project, searched, environment, work_path: workPath, steps } = explained;
  const head = [
    project === undefined
      ? `project      none (looked for ${searched.map((path) => shown(path, cwd)).join(", ")})`
      : `project      ${shown(project, cwd)}`,
    ...(environment === undefined ? [] : [`environment  ${environment}`]),
    `work path    ${shown(workPath, cwd)}`,
  ];
  return [head.join("\n"), ...steps.map((step) => stepText(step, cwd))].join("\n\n");
}

function stepText({ mod, step, values }: ExplainedParameters, cwd: string): string {
  const title = step === undefined || step === mod ? mod : `${step} (${mod})`;
  const hasTemplates = values.some((value) => value.template !== undefined);
  const hasReplaced = values.some((value) => value.replaced.length > 0);
  const table = tableForStdout<ExplainedValue>(
    [
      { title: "parameter", value: (row) => row.name },
      { title: "value", value: (row) => valueText(row.value) },
      { title: "layer", value: (row) => row.layer },
      { title: "source", value: (row) => sourceText(row.source, cwd) },
      ...(hasReplaced ? [{ title: "replaced", value: (row: ExplainedValue) => replacedText(row, cwd) }] : []),
      ...(hasTemplates ? [{ title: "as written", value: (row: ExplainedValue) => row.template ?? "" }] : []),
    ],
    values,
  );
  return `${title}\n${values.length === 0 ? "no parameters" : table}`;
}

function replacedText({ replaced }: ExplainedValue, cwd: string): string {
  return replaced
    .map(
      ({ layer, source, value }) =>
        `${valueText(value)} (${layer}${source === "" ? "" : ` ${sourceText(source, cwd)}`})`,
    )
    .join(", ");
}

function valueText(value: unknown): string {
  return value === undefined ? "?" : JSON.stringify(value);
}

/** `file:line` without the column: the table is wide enough. */
function sourceText(source: string, cwd: string): string {
  const match = /^(.*?)(:\d+)?(?::\d+)?$/s.exec(source);
  return `${shown(match?.[1] ?? source, cwd)}${match?.[2] ?? ""}`;
}

function shown(path: string, cwd: string): string {
  if (!isAbsolute(path)) return path;
  const near = relative(cwd, path);
  return near === "" || near.split(/[\\/]/).filter((part) => part === "..").length > 2 ? path : near;
}
