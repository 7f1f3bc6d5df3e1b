import { listLineage } from "../ledger/lineage-list.js";
import type { LineageLine, WrittenDataset } from "../ledger/lineage-line.js";

/** All that the ledger knows of who wrote and read what. */
export interface LineageIndex {
  /** Latest run of each job and step that wrote the dataset, newest first. */
  writers(dataset: string): readonly LineageLine[];
  /** The same of those that read it. */
  readers(dataset: string): readonly LineageLine[];
  readonly datasets: ReadonlySet<string>;
}

/** Reads the ledger. Failed runs count for the artifacts that they made only: a sink that failed has changed nothing. */
export function readLineageIndex(workPath: string): LineageIndex {
  const written = new Map<string, LineageLine[]>();
  const read = new Map<string, LineageLine[]>();
  for (const line of listLineage(workPath)) {
    if (line.status === "success" || line.status === "warning") {
      for (const place of line.written) add(written, line.datasets[place], line);
      for (const place of line.reads) add(read, line.datasets[place], line);
    } else {
      for (const { artifact, dataset } of line.writes)
        if (artifact !== undefined) add(written, line.datasets[dataset], line);
    }
  }
  return {
    writers: (dataset) => latest(written.get(dataset) ?? []),
    readers: (dataset) => latest(read.get(dataset) ?? []),
    datasets: new Set([...written.keys(), ...read.keys()]),
  };
}

/** What a run wrote to a dataset. */
export function writeOf(line: LineageLine, dataset: string): WrittenDataset | undefined {
  return line.writes.find((write) => line.datasets[write.dataset] === dataset);
}

function add(runs: Map<string, LineageLine[]>, dataset: string | undefined, line: LineageLine): void {
  if (dataset === undefined) return;
  const known = runs.get(dataset);
  if (known === undefined) runs.set(dataset, [line]);
  else known.push(line);
}

/** A table that a job has loaded a thousand times has one loader, not a thousand. */
function latest(lines: readonly LineageLine[]): LineageLine[] {
  const newest = new Map<string, LineageLine>();
  for (const line of lines) {
    const who = JSON.stringify([line.job, line.step ?? line.mod]);
    const known = newest.get(who);
    if (known === undefined || known.ended_at < line.ended_at) newest.set(who, line);
  }
  return [...newest.values()].sort((a, b) => (a.ended_at < b.ended_at ? 1 : a.ended_at > b.ended_at ? -1 : 0));
}
