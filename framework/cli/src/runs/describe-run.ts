import type { ParameterPlace, RunRecord } from "@datapy/sdk/ledger";
import { paintFor } from "../output/paint.js";
import { duration, localTime } from "./run-columns.js";

/** A line of a printed list. */
interface Entry {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
}

/** What `datapy runs show` prints of a run. */
export async function describeRun(run: RunRecord): Promise<string> {
  const { tableForStdout } = await import("../output/table.js");
  const paint = paintFor(process.stdout);
  const { envelope } = run;
  const list = (title: string, entries: readonly Entry[]): string[] => {
    if (entries.length === 0) return [];
    const table = tableForStdout<Entry>(
      [
        { title: "name", value: (entry) => entry.name },
        { title: "value", value: (entry) => entry.value },
        { title: "from", value: (entry) => entry.note ?? "" },
      ],
      entries,
    );
    // The titles of the columns say nothing here.
    return [
      "",
      paint.bold(title),
      ...table
        .split("\n")
        .slice(1)
        .map((line) => `  ${line}`),
    ];
  };
  const texts = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : ["", paint.bold(title), ...lines.flatMap((line) => line.split("\n").map((part) => `  ${printable(part)}`))];

  return [
    `${paint.bold(run.summary.run_id)}  ${outcome(run)}`,
    ...facts(run).map(([name, value]) => `  ${name.padEnd(10)}${printable(value)}`),
    ...list("Parameters", parameters(run)),
    ...texts("Errors", envelope?.errors ?? []),
    ...(envelope === undefined || envelope.status === "error"
      ? []
      : [
          ...texts("Warnings", envelope.warnings),
          ...list("Metrics", entries(envelope.metrics)),
          ...list("Artifacts", entries(envelope.artifacts)),
        ]),
    ...list("Globals", entries(envelope?.globals ?? {})),
    ...texts(
      "Read",
      run.inputs.map(({ namespace, name }) => (namespace === "file" ? name : `${namespace}/${name}`)),
    ),
    ...texts(
      "Wrote",
      run.outputs.map(({ namespace, name }) => (namespace === "file" ? name : `${namespace}/${name}`)),
    ),
  ].join("\n");
}

function outcome({ summary }: RunRecord): string {
  const paint = paintFor(process.stdout);
  const failed = summary.status === "error" || summary.status === "lost";
  const word = failed
    ? paint.red(summary.status)
    : summary.status === "warning"
      ? paint.yellow(summary.status)
      : summary.status;
  return summary.exit_code === undefined ? word : `${word} (exit code ${summary.exit_code})`;
}

function facts(run: RunRecord): [string, string][] {
  const { summary } = run;
  // A mod that is run from its file belongs to no package.
  const source = [summary.mod, run.version ?? "", (run.packageName ?? "") === "" ? "" : `(${run.packageName ?? ""})`];
  return [
    ["mod", source.filter((part) => part !== "").join(" ")],
    ["job", summary.step === undefined ? summary.job : `${summary.job}, step ${summary.step}`],
    ["started", localTime(summary.started_at, new Date(0))],
    ...(summary.execution_time === undefined ? [] : [["took", duration(summary.execution_time)] as [string, string]]),
    ["session", summary.session_id],
    ["log", run.logFile === "" ? "(none)" : run.logFile],
    ["ledger", run.ledgerFile],
  ];
}

function parameters(run: RunRecord): Entry[] {
  return Object.entries(run.parameters).map(([name, value]) => {
    const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    // Of an object or list, its first leaf's place stands for the whole.
    const found =
      run.provenance[pointer] ?? Object.entries(run.provenance).find(([key]) => key.startsWith(`${pointer}/`))?.[1];
    return { name, value: text(value), ...(found === undefined ? {} : { note: place(found) }) };
  });
}

function place({ layer, file, line }: ParameterPlace): string {
  if (file === undefined) return layer;
  return `${layer}, ${file}${line === undefined ? "" : `:${line}`}`;
}

function entries(values: Readonly<Record<string, unknown>>): Entry[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: text(value) }));
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What files and mods said must not move the cursor. */
function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, "�");
}
