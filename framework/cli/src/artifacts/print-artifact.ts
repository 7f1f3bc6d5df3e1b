import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { withTableReader } from "@datapy/sdk/artifacts";
import type { FoundArtifact } from "@datapy/sdk/artifacts";
import { fault } from "@datapy/sdk/errors";
import { Flags } from "../oclif.js";
import type { RowFormat } from "./rows-text.js";

/** Flags that say how rows are printed. */
export const ROW_FORMAT_FLAGS = {
  json: Flags.boolean({ description: "An array of objects, a row a line.", exclusive: ["csv", "vertical"] }),
  csv: Flags.boolean({
    description: "CSV: NULL is an empty field, an empty text a quoted one.",
    exclusive: ["vertical"],
  }),
  vertical: Flags.boolean({ description: "Each row as a list of its values." }),
};

/** The format that the flags ask for. */
export function rowFormat(flags: {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly vertical?: boolean;
}): RowFormat {
  if (flags.json === true) return "json";
  if (flags.csv === true) return "csv";
  return flags.vertical === true ? "vertical" : "table";
}

/** Prints the rows of a table, all or the first `limit`; the bytes of any other file. */
export async function printArtifact(found: FoundArtifact, format: RowFormat, limit?: number): Promise<void> {
  if (found.kind === "artifact" && found.artifact.kind === "file") {
    if (format !== "table") throw fault("DATAPY_TABLE_UNREADABLE", { file: found.path, detail: "it is no table" });
    await printFile(found.path, limit);
    return;
  }
  const { printRows } = await import("./print-rows.js");
  await withTableReader(async (reader) => {
    const query = `SELECT * FROM ${await reader.table(found.path)}${limit === undefined ? "" : ` LIMIT ${String(limit)}`}`;
    await printRows(await reader.describe(query), reader.batches(query), format);
  });
}

async function printFile(file: string, lines: number | undefined): Promise<void> {
  let left = lines ?? Infinity;
  const source = createReadStream(file);
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        let end = -1;
        while (left > 0) {
          const next = chunk.indexOf(0x0a, end + 1);
          if (next === -1) break;
          left -= 1;
          end = next;
        }
        yield left > 0 ? chunk : chunk.subarray(0, end + 1);
        if (left <= 0) return;
      }
    },
    process.stdout,
    { end: false },
  );
}
