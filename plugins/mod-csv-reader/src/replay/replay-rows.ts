import { createWriteStream, existsSync } from "node:fs";
import { once } from "node:events";
import path from "node:path";
import { finished } from "node:stream/promises";
import { literal, sql, table } from "@datapy/mod-kit";
import type { ReplayRequest } from "@datapy/mod-kit";
import { csvError } from "../csv-error.js";
import type { Dialect } from "../detect/dialect.js";
import { examine } from "../input/find-files.js";
import { prepareText } from "../input/prepare-text.js";
import type { CsvParameters, parameters } from "../parameters.js";
import type { CsvContext } from "../read/csv-context.js";
import { planFile } from "../read/plan-file.js";
import type { FilePlan } from "../read/plan-file.js";
import { ScanPool } from "../scan/scan-pool.js";

/**
 * Writes the corrected lines of each file behind that file's header, and says how they are to be read: in the dialect of the file, into the
 * types that its other rows got.
 */
export async function replayRows(
  request: ReplayRequest<typeof parameters>,
  ctx: CsvContext,
): Promise<Record<string, unknown>> {
  const { params, rows, columns, folder } = request;
  const sources = await ctx.data.query<{ source_file: string }>(
    sql`select source_file, min(line) as first from ${table(rows)} group by all order by 1`,
  );
  const pool = new ScanPool();
  const written: string[] = [];
  let first: FilePlan | undefined;
  try {
    for (const [index, { source_file: source }] of sources.entries()) {
      const plan = await planOf(source, params, ctx, pool);
      first ??= plan;
      if (
        JSON.stringify([plan.dialect, plan.headerRecords > 0]) !==
        JSON.stringify([first.dialect, first.headerRecords > 0])
      )
        throw csvError(
          "CSV_DIALECT",
          `${source} is written otherwise than ${first.file.path}`,
          "replay the rows of one file at a time",
        );
      const target = path.join(
        folder,
        `corrected-${String(index + 1)}-${path.basename(source).replace(/[^\w.-]+/g, "_")}.csv`,
      );
      await writeLines(target, plan, source, rows, ctx);
      written.push(target);
    }
  } finally {
    await pool.close();
  }
  if (first === undefined) throw csvError("CSV_FILE", "there are no rows to read again", "give some");
  const declared = params.columns ?? {};
  const types = Object.fromEntries(
    (columns ?? [])
      .filter(({ name }) => first.names.includes(name) && !(name in declared))
      .map(({ name, type }) => [name, type]),
  );
  return {
    ...dialectParameters(first.dialect),
    input_path: written,
    encoding: "utf-8",
    compression: "none",
    skip_rows: 0,
    skip_footer: 0,
    // Names were repaired where that was needed; the header that is written has them.
    header: true,
    header_repair: "refuse",
    columns: { ...types, ...declared },
  };
}

async function planOf(source: string, params: CsvParameters, ctx: CsvContext, pool: ScanPool): Promise<FilePlan> {
  if (!existsSync(source))
    throw csvError(
      "CSV_FILE",
      `${source} is gone, so that nobody knows how its lines are to be read`,
      "put the file back for as long as its rows are replayed",
    );
  const file = examine(source);
  const text = await prepareText(file, {
    compression: params.compression,
    encoding: params.encoding,
    scanner: () => pool.module,
    tolerant: true,
    temporaryPath: (name) => ctx.data.temporaryPath(name),
    signal: ctx.signal,
  });
  const plan = planFile(file, text, params);
  if ("empty" in plan) throw csvError("CSV_FILE", `${source} is empty now`, "put the file back as it was");
  return plan;
}

async function writeLines(
  target: string,
  plan: FilePlan,
  source: string,
  rows: string,
  ctx: CsvContext,
): Promise<void> {
  const { delimiter, quote, escape } = plan.dialect;
  const text = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");
  const [mark, escaped] = [text(quote), text(escape)];
  const names = plan.names.map((name) => {
    if (mark === "") return name;
    return `${mark}${name.replaceAll(mark, () => `${escaped === "" ? mark : escaped}${mark}`)}${mark}`;
  });
  const output = createWriteStream(target);
  try {
    output.write(`${names.join(text(delimiter))}\n`);
    const lines = sql`select raw from ${table(rows)} where source_file = ${literal(source)} order by line`;
    for await (const batch of ctx.data.batches(lines)) {
      const part = (batch.columns[0] ?? []).map((line) => `${(line as string).replace(/[\r\n]+$/, "")}\n`).join("");
      if (!output.write(part)) await once(output, "drain");
    }
  } finally {
    output.end();
    await finished(output);
  }
}

function dialectParameters({ delimiter, quote, escape, comment }: Dialect): Record<string, unknown> {
  const text = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");
  return {
    delimiter: delimiter === "\t" ? "tab" : text(delimiter),
    quote: text(quote),
    escape: text(escape),
    comment: text(comment),
  };
}
