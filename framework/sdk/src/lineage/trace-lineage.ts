import { closestName } from "../config/closest-name.js";
import { fault } from "../errors.js";
import type { LineageLine } from "../ledger/lineage-line.js";
import { findDataset } from "./find-dataset.js";
import { readLineageIndex, writeOf } from "./lineage-index.js";
import type { LineageIndex } from "./lineage-index.js";
import type { ColumnTrace, LineageGraph, LineageNode, LineageRequest, LineageStep } from "./lineage-types.js";
import { columnsOf, traceDown, traceUp } from "./trace-columns.js";

/**
 * Where a table, file or artifact comes from, and what is made of it, across all sessions in the ledger of `workPath`.
 *
 * @throws DatapyError `DATAPY_DATASET_UNKNOWN`, `DATAPY_DATASET_AMBIGUOUS`, `DATAPY_COLUMN_UNKNOWN`
 */
export function traceLineage(workPath: string, request: LineageRequest): LineageGraph {
  const index = readLineageIndex(workPath);
  const dataset = findDataset(index, workPath, request.reference, request.cwd);
  const direction = request.direction ?? "up";
  const depth = request.depth ?? Infinity;
  const walk: Walk = { index, datasets: new Set([dataset]), runs: new Map() };
  if (direction !== "down") follow(walk, dataset, depth, "up");
  if (direction !== "up") follow(walk, dataset, depth, "down");
  const graph: LineageGraph = {
    dataset,
    direction,
    datasets: [...walk.datasets].map((one) => nodeOf(index, one)),
    runs: [...walk.runs.values()],
  };
  if (request.columns !== true && request.column === undefined) return graph;
  return { ...graph, columns: traceColumns(index, dataset, request) };
}

interface Walk {
  readonly index: LineageIndex;
  readonly datasets: Set<string>;
  readonly runs: Map<string, LineageStep>;
}

/** Breadth first, so that a limit of depth cuts the far ends. */
function follow({ index, datasets, runs }: Walk, start: string, depth: number, direction: "up" | "down"): void {
  const seen = new Set([start]);
  let front = [start];
  for (let level = 0; level < depth && front.length > 0; level += 1) {
    const next: string[] = [];
    for (const dataset of front) {
      for (const line of direction === "up" ? index.writers(dataset) : index.readers(dataset)) {
        const reads = namesAt(line, line.reads);
        const writes = namesAt(line, line.written);
        // What else the run wrote is nothing to the one who asks where this dataset comes from.
        const known = runs.get(line.run_id);
        runs.set(line.run_id, {
          ...stepOf(line),
          reads: direction === "up" ? reads : union(known?.reads, [dataset]),
          writes: direction === "up" ? union(known?.writes, [dataset]) : writes,
        });
        for (const other of direction === "up" ? reads : writes) {
          datasets.add(other);
          if (seen.has(other)) continue;
          seen.add(other);
          next.push(other);
        }
      }
    }
    front = next;
  }
}

function namesAt(line: LineageLine, places: Iterable<number>): string[] {
  return [...places].flatMap((place) => line.datasets[place] ?? []);
}

function union(known: readonly string[] | undefined, more: readonly string[]): string[] {
  return [...new Set([...(known ?? []), ...more])];
}

function stepOf(line: LineageLine): Omit<LineageStep, "reads" | "writes"> {
  const { run_id, session_id, mod, job, step, status, ended_at } = line;
  return { run_id, session_id, mod, job, ...(step === undefined ? {} : { step }), status, ended_at };
}

function nodeOf(index: LineageIndex, dataset: string): LineageNode {
  const [line] = index.writers(dataset);
  const write = line === undefined ? undefined : writeOf(line, dataset);
  if (line === undefined || write === undefined) return { dataset };
  const { artifact, rows, columns } = write;
  return {
    dataset,
    ...(artifact === undefined
      ? {}
      : { artifact: { ...artifact, session_id: line.session_id, step: line.step ?? line.mod } }),
    ...(rows === undefined ? {} : { rows }),
    ...(columns === undefined ? {} : { columns: columns.map(([name, type]) => ({ name, type })) }),
  };
}

function traceColumns(index: LineageIndex, dataset: string, request: LineageRequest): ColumnTrace[] {
  const { column, direction = "up" } = request;
  let columns = columnsOf(index, dataset);
  if (column !== undefined) {
    const wanted =
      columns.find((name) => name === column) ?? columns.find((name) => name.toLowerCase() === column.toLowerCase());
    if (wanted === undefined && columns.length > 0) {
      const near = closestName(column, columns);
      throw fault(
        "DATAPY_COLUMN_UNKNOWN",
        { column: JSON.stringify(column), dataset },
        { hint: near === undefined ? `Its columns are ${columns.slice(0, 20).join(", ")}.` : `Did you mean ${near}?` },
      );
    }
    columns = [wanted ?? column];
  }
  return columns.flatMap((name) => [
    ...(direction === "down" ? [] : traceUp(index, dataset, name)),
    ...(direction === "up" ? [] : traceDown(index, dataset, name)),
  ]);
}
