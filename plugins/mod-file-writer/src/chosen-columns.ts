import { closestName } from "@datapy/mod-kit";
import type { Column } from "@datapy/mod-kit";
import type { WriterParameters } from "./parameters.js";
import { writerError } from "./writer-error.js";

/** Columns to write, in order, those of `partition_by` among them. Throws `FILE_WRITER_COLUMNS` (20), which names every fault. */
export function chosenColumns(params: WriterParameters, input: readonly Column[]): Column[] {
  const faults: string[] = [];
  const names = input.map((column) => column.name);
  const find = (name: string, where: string): Column | undefined => {
    const found = input.find((column) => column.name === name);
    const near = closestName(name, names);
    const suggestion = near === undefined ? "" : ` (did you mean ${JSON.stringify(near)}?)`;
    if (found === undefined) faults.push(`${where}: there is no column ${JSON.stringify(name)}${suggestion}`);
    return found;
  };
  const given = params.columns ?? names;
  const chosen = given.flatMap((name) => find(name, "columns") ?? []);
  given.forEach((name, at) => {
    if (given.indexOf(name) !== at) faults.push(`columns: ${JSON.stringify(name)} is named twice`);
  });
  const partitions = params.partition_by ?? [];
  for (const name of partitions) {
    const column = find(name, "partition_by");
    if (column !== undefined && !chosen.includes(column)) chosen.push(column);
  }
  if (partitions.length > 0 && !params.write_partition_columns && chosen.length <= new Set(partitions).size)
    faults.push("partition_by: no column is left for the files");
  if (faults.length === 0) return chosen;
  throw writerError(
    "FILE_WRITER_COLUMNS",
    faults.join("; "),
    `The columns are ${names.map((name) => JSON.stringify(name)).join(", ")}.`,
    undefined,
    faults[0]?.split(":", 1)[0],
  );
}
