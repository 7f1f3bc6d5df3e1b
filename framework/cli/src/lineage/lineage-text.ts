import { datasetTitle, stepTitle } from "@datapy/sdk/lineage";
import type { ColumnTrace, LineageGraph, LineageNode, LineageStep } from "@datapy/sdk/lineage";
import { localTime } from "../runs/run-columns.js";
import { tableForStdout } from "../output/table.js";

/** What `datapy lineage` prints: a tree in each direction, then the columns. */
export function lineageText(graph: LineageGraph): string {
  const trees = { up: ["up"], down: ["down"], both: ["up", "down"] }[graph.direction] as ("up" | "down")[];
  const parts = trees.map((direction) => {
    const title = direction === "up" ? "comes from" : "goes to";
    const lines = branches(graph, graph.dataset, direction, "", new Set([graph.dataset]));
    const nothing = direction === "up" ? "No run in the ledger wrote it." : "No run in the ledger read it.";
    return [`${describe(graph, graph.dataset)} ${title}`, ...(lines.length === 0 ? [nothing] : lines)].join("\n");
  });
  return [...parts, ...(graph.columns === undefined ? [] : [columnTable(graph, graph.columns)])].join("\n\n");
}

function branches(
  graph: LineageGraph,
  dataset: string,
  direction: "up" | "down",
  indent: string,
  above: ReadonlySet<string>,
): string[] {
  const runs = graph.runs.filter((run) => (direction === "up" ? run.writes : run.reads).includes(dataset));
  return runs.flatMap((run, index) => {
    const last = index === runs.length - 1;
    const inner = indent + (last ? "   " : "│  ");
    const others = direction === "up" ? run.reads : run.writes;
    return [
      `${indent}${last ? "└─" : "├─"} ${runText(run)}`,
      ...others.flatMap((other, place) => {
        const end = place === others.length - 1;
        const line = `${inner}${end ? "└─" : "├─"} ${describe(graph, other)}`;
        if (above.has(other)) return [`${line} (see above)`];
        return [line, ...branches(graph, other, direction, inner + (end ? "   " : "│  "), new Set([...above, other]))];
      }),
    ];
  });
}

function runText(run: LineageStep): string {
  return `${stepTitle(run)} (${run.mod}, ${localTime(run.ended_at, new Date())}, ${run.run_id})`;
}

function describe(graph: LineageGraph, dataset: string): string {
  const node = nodeOf(graph, dataset);
  if (node.artifact === undefined) return dataset;
  const rows = node.rows === undefined ? "" : `, ${String(node.rows)} rows`;
  return `${datasetTitle(node)} (artifact ${node.artifact.id}${rows})`;
}

function columnTable(graph: LineageGraph, traces: readonly ColumnTrace[]): string {
  if (traces.length === 0) return "No columns are known.";
  const runs = new Map(graph.runs.map((run) => [run.run_id, run]));
  const step = (runId: string): string => {
    const run = runs.get(runId);
    return run === undefined ? runId : (run.step ?? run.mod);
  };
  const up = (trace: ColumnTrace): readonly string[] =>
    trace.kind === "target" ? trace.through : [...trace.through].reverse();
  return tableForStdout<ColumnTrace>(
    [
      { title: "column", value: ({ column }) => column },
      { title: graph.direction === "down" ? "goes to" : "comes from", value: (trace) => farEnd(graph, trace, step) },
      { title: "change", value: ({ change }) => change ?? "" },
      { title: "through", value: (trace) => up(trace).map(step).join(" → ") },
    ],
    traces,
  );
}

function farEnd(graph: LineageGraph, trace: ColumnTrace, step: (runId: string) => string): string {
  const at = describe(graph, trace.dataset);
  const last = step(trace.through.at(-1) ?? "");
  if (trace.kind === "undeclared") return `not known: ${last} does not say where its columns come from`;
  if (trace.kind === "constant") return `made by ${last}, from no column`;
  return `${at}: ${trace.other ?? ""}`;
}

function nodeOf(graph: LineageGraph, dataset: string): LineageNode {
  return graph.datasets.find((node) => node.dataset === dataset) ?? { dataset };
}
