import type { ColumnLineage } from "@datapy/mod-kit";
import type { FilePlan } from "../read/plan-file.js";

/** With more files than this, columns are said to come from the files as they were named, by a pattern or a list, not from each one. */
const MOST_FILES = 100;

/** Where the columns of the table come from: the column of each file that has it. `source_file` comes from none. */
export function csvLineage(
  names: readonly string[],
  plans: readonly FilePlan[],
  inputs: readonly string[],
): ColumnLineage {
  return Object.fromEntries(
    names.map((name) => {
      const sources = new Map<string, { uri: string; column: string }>();
      for (const plan of plans) {
        const index = plan.names.indexOf(name);
        if (index < 0) continue;
        const column = plan.written[index] ?? name;
        for (const uri of plans.length > MOST_FILES ? inputs : [plan.file.path])
          sources.set(JSON.stringify([uri, column]), { uri, column });
      }
      return [name, [...sources.values()]];
    }),
  );
}
