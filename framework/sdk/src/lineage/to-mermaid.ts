import type { LineageGraph, LineageNode, LineageStep } from "./lineage-types.js";

/** The graph as a Mermaid flowchart: datasets as boxes, runs as rounded boxes between them; with columns, those instead of the runs. */
export function toMermaid(graph: LineageGraph): string {
  const lines = ["flowchart LR"];
  const ids = new Map(graph.datasets.map((node, index) => [node.dataset, `d${String(index)}`]));
  for (const node of graph.datasets) {
    const shape = node.artifact === undefined ? ["[(", ")]"] : ["[", "]"];
    lines.push(`  ${ids.get(node.dataset) ?? ""}${shape[0] ?? ""}"${escaped(datasetTitle(node))}"${shape[1] ?? ""}`);
  }
  graph.runs.forEach((run, index) => {
    const id = `r${String(index)}`;
    lines.push(`  ${id}(["${escaped(stepTitle(run))}"])`);
    for (const read of run.reads) if (ids.has(read)) lines.push(`  ${ids.get(read) ?? ""} --> ${id}`);
    for (const written of run.writes) if (ids.has(written)) lines.push(`  ${id} --> ${ids.get(written) ?? ""}`);
  });
  if (graph.columns !== undefined) lines.push(...columnLines(graph, ids));
  lines.push(`  style ${ids.get(graph.dataset) ?? "d0"} stroke-width:3px`);
  return lines.join("\n");
}

/** `step/key` of an artifact, the last part of a path or name otherwise. */
export function datasetTitle({ dataset, artifact }: LineageNode): string {
  if (artifact !== undefined) return `${artifact.step}/${artifact.key}`;
  return dataset.includes("://") ? dataset : dataset.slice(dataset.lastIndexOf("/") + 1);
}

/** `job: step`. */
export function stepTitle({ job, step, mod }: LineageStep): string {
  const name = step ?? mod;
  return job === name ? name : `${job}: ${name}`;
}

function columnLines(graph: LineageGraph, ids: ReadonlyMap<string, string>): string[] {
  const lines: string[] = [];
  const columns = new Map<string, string>();
  const column = (dataset: string, name: string): string => {
    const mark = JSON.stringify([dataset, name]);
    let id = columns.get(mark);
    if (id === undefined) {
      id = `c${String(columns.size)}`;
      columns.set(mark, id);
      lines.push(`  ${id}["${escaped(name)}"]`, `  ${id} -.- ${ids.get(dataset) ?? ""}`);
    }
    return id;
  };
  for (const trace of graph.columns ?? []) {
    if (trace.other === undefined || (trace.kind !== "source" && trace.kind !== "target")) continue;
    if (!ids.has(trace.dataset)) continue;
    const [own, far] = [column(graph.dataset, trace.column), column(trace.dataset, trace.other)];
    const label = trace.change === undefined || trace.change === "identity" ? "" : `|${trace.change}|`;
    lines.push(trace.kind === "source" ? `  ${far} ==>${label} ${own}` : `  ${own} ==>${label} ${far}`);
  }
  return lines;
}

/** Text that Mermaid takes as it is, whatever is in it. */
function escaped(text: string): string {
  return text.replace(/["#<>&`\\\r\n]/g, (character) => `#${String(character.codePointAt(0) ?? 32)};`);
}
