import type { Envelope } from "@datapy/mod-kit";
import { findInput } from "./input/find-input.js";
import type { Input } from "./input/find-input.js";
import type { ReaderParameters } from "./parameters.js";
import type { ReaderContext } from "./reader-context.js";
import { readerError } from "./reader-error.js";
import { loadTable, planTransport, wantedTypes } from "./transport/load-table.js";
import type { LoadPlan } from "./transport/load-table.js";
import { TransportFile } from "./transport/transport-file.js";

/** Reads the files of a run into its table. */
export async function readFiles(params: ReaderParameters, ctx: ReaderContext): Promise<Envelope> {
  const input = await findInput(params);
  const plan = await planOf(input, params, ctx);
  const isEmpty = plan.rowsRead === plan.badBefore;
  if (isEmpty && plan.badBefore === 0) judgeEmpty(params, ctx, input);
  const done =
    plan.values.length + plan.extra.length === 0 || (isEmpty && plan.values.length === 0)
      ? { rows: 0, bad: plan.badBefore }
      : await loadTable(params, ctx, plan);
  ctx.result.addMetric("files_read", input.files.length);
  ctx.result.addMetric("rows_read", plan.rowsRead);
  ctx.result.addMetric("rows_output", done.rows);
  ctx.result.addMetric("rows_rejected", done.bad);
  return ctx.result.success();
}

async function planOf({ format, files }: Input, params: ReaderParameters, ctx: ReaderContext): Promise<LoadPlan> {
  if (format === "parquet") {
    const { planParquet } = await import("./parquet/plan-parquet.js");
    return planParquet(params, ctx, files);
  }
  const types = [...wantedTypes(params).values()];
  const transport = new TransportFile({
    path: ctx.data.temporaryPath("rows.ndjson"),
    badPath: ctx.data.temporaryPath("bad.ndjson"),
    withRaw: types.some(({ type }) => !/^(?:VARCHAR|TEXT|JSON)$/i.test(type)),
  });
  const progress = (rows: number): void => ctx.progress(rows);
  try {
    const reading = { files, params, transport, signal: ctx.signal, progress };
    if (format === "xlsx") {
      const { readExcel } = await import("./excel/read-excel.js");
      await readExcel(reading);
    } else if (format === "fixed") {
      const { readFixed } = await import("./fixed/read-fixed.js");
      await readFixed(reading);
    } else {
      const { readJson, readNdjson } = await import("./json/read-json.js");
      await (format === "json" ? readJson(reading) : readNdjson(reading));
    }
  } finally {
    transport.close();
  }
  return planTransport(params, transport, files, (text) => ctx.result.addWarning(text));
}

function judgeEmpty(params: ReaderParameters, ctx: ReaderContext, { files }: Input): void {
  const message = `there are no rows in ${files.slice(0, 3).join(", ")}${files.length > 3 ? ", …" : ""}`;
  if (params.on_empty === "fail")
    throw readerError("FILE_READER_EMPTY", message, "Check where the file comes from, or set `on_empty: warn`.");
  if (params.on_empty === "warn") ctx.result.addWarning(message);
}
