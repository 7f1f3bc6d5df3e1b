import type { ColumnChange, LineageLine } from "../ledger/lineage-line.js";
import type { LineageIndex } from "./lineage-index.js";
import { writeOf } from "./lineage-index.js";
import type { ColumnTrace } from "./lineage-types.js";

/** From a value that is as it was to one that cannot be told any more. */
const RANK: readonly ColumnChange[] = ["identity", "transformation", "aggregation", "masked"];

/** A column on the way. */
interface Place {
  readonly dataset: string;
  readonly column: string;
  readonly change: ColumnChange;
  readonly through: readonly string[];
}

/** Follows a column of `dataset` back to the columns that it was made from in the first place. */
export function traceUp(index: LineageIndex, dataset: string, column: string): ColumnTrace[] {
  const traces: ColumnTrace[] = [];
  const seen = new Set<string>();
  const visit = (place: Place): void => {
    if (!isNew(seen, place)) return;
    const writers = index.writers(place.dataset);
    if (writers.length === 0) {
      const { dataset: at, column: other, change, through } = place;
      traces.push({ column, kind: "source", dataset: at, other, change, through });
      return;
    }
    for (const line of writers) {
      const through = [...place.through, line.run_id];
      const lineage = writeOf(line, place.dataset)?.lineage;
      if (lineage === undefined) {
        traces.push({ column, kind: "undeclared", dataset: place.dataset, other: place.column, through });
        continue;
      }
      const references = named(lineage, place.column) ?? [];
      if (references.length === 0)
        traces.push({ column, kind: "constant", dataset: place.dataset, other: place.column, through });
      for (const [source, sourceColumn, change] of references) {
        const from = line.datasets[source];
        if (from !== undefined)
          visit({ dataset: from, column: sourceColumn, change: worse(place.change, change), through });
      }
    }
  };
  visit({ dataset, column, change: "identity", through: [] });
  return traces;
}

/** Follows a column of `dataset` to the columns that are made from it in the end. */
export function traceDown(index: LineageIndex, dataset: string, column: string): ColumnTrace[] {
  const traces: ColumnTrace[] = [];
  const seen = new Set<string>();
  const visit = (place: Place): void => {
    if (!isNew(seen, place)) return;
    let goesOn = false;
    for (const line of index.readers(place.dataset)) {
      const through = [...place.through, line.run_id];
      for (const write of line.writes) {
        const to = line.datasets[write.dataset];
        if (to === undefined) continue;
        if (write.lineage === undefined) {
          // Where a run declares some of what it wrote, the rest (a quarantine, a report) is not its data.
          if (line.writes.some(({ lineage }) => lineage !== undefined)) continue;
          traces.push({ column, kind: "undeclared", dataset: to, through });
          goesOn = true;
          continue;
        }
        for (const [made, references] of Object.entries(write.lineage)) {
          for (const [source, sourceColumn, change] of references) {
            if (line.datasets[source] !== place.dataset || !sameColumn(sourceColumn, place.column)) continue;
            goesOn = true;
            visit({ dataset: to, column: made, change: worse(place.change, change), through });
          }
        }
      }
    }
    if (!goesOn && place.through.length > 0) {
      const { dataset: at, column: other, change, through } = place;
      traces.push({ column, kind: "target", dataset: at, other, change, through });
    }
  };
  visit({ dataset, column, change: "identity", through: [] });
  return traces;
}

/** Columns of a dataset: as its latest writer told them, else as those who read it name them. */
export function columnsOf(index: LineageIndex, dataset: string): string[] {
  for (const line of index.writers(dataset)) {
    const write = writeOf(line, dataset);
    const names = write?.columns?.map(([name]) => name) ?? Object.keys(write?.lineage ?? {});
    if (names.length > 0) return names;
  }
  const names = new Set<string>();
  for (const line of index.readers(dataset)) for (const name of columnsReadBy(line, dataset)) names.add(name);
  return [...names];
}

function columnsReadBy(line: LineageLine, dataset: string): string[] {
  return line.writes.flatMap(({ lineage }) =>
    Object.values(lineage ?? {}).flatMap((references) =>
      references.filter(([source]) => line.datasets[source] === dataset).map(([, column]) => column),
    ),
  );
}

function isNew(seen: Set<string>, place: Place): boolean {
  // The same column reached by a way that changes its value more is another answer.
  const mark = JSON.stringify([place.dataset, place.column, place.change]);
  if (seen.has(mark)) return false;
  seen.add(mark);
  return true;
}

function worse(a: ColumnChange, b: ColumnChange): ColumnChange {
  return RANK.indexOf(a) > RANK.indexOf(b) ? a : b;
}

/** Databases do not tell `ID` from `id`. */
function named<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  if (Object.hasOwn(record, name)) return record[name];
  const found = Object.keys(record).find((key) => sameColumn(key, name));
  return found === undefined ? undefined : record[found];
}

function sameColumn(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}
