import { mkdir, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { DatapyError, ident, join, sql, table } from "@datapy/mod-kit";
import type { Column, Envelope, ModContext, Sql } from "@datapy/mod-kit";
import { assertWritable } from "./assert-writable.js";
import { chosenColumns } from "./chosen-columns.js";
import { copyStatement } from "./copy-statement.js";
import { fileFormat } from "./file-format.js";
import type { FileFormat } from "./file-format.js";
import type { WriterParameters } from "./parameters.js";
import { runTextPass, textPass } from "./text-pass.js";
import type { TextPass } from "./text-pass.js";
import { writerError } from "./writer-error.js";
import { stageTarget } from "./write-target.js";

type WriterContext = ModContext<Record<never, never>>;

interface WriteJob {
  readonly format: FileFormat;
  readonly pass: TextPass | undefined;
  readonly columns: readonly Column[];
  readonly source: Sql;
  readonly rows: number;
  readonly to: string;
}

/** Writes the table of a run. */
export async function writeFile(params: WriterParameters, ctx: WriterContext): Promise<Envelope> {
  const format = fileFormat(params);
  const columns = chosenColumns(params, await ctx.data.describe(sql`select * from ${table(params.input_artifact)}`));
  const source = sql`(select ${join(columns.map(({ name }) => ident(name)))} from ${table(params.input_artifact)})`;
  const pass = await textPass(params, format, columns);
  const rows = await assertWritable(ctx.data, source, columns, params, format);
  if (rows === 0) judgeEmpty(params, ctx);
  const target = await stageTarget({
    output: params.output_path,
    isFolder: params.partition_by !== undefined,
    replace: params.if_exists === "replace",
    extension: format.extension,
  });
  try {
    const written = await write(params, ctx, { format, pass, columns, source, rows, to: target.path });
    if (written !== rows) {
      throw new DatapyError({
        code: "FILE_WRITER_ROWS_UNRECONCILED",
        message: `${String(rows)} rows were read, but ${String(written)} written`,
        hint: "Nothing was kept of it. This is a fault in file-writer; please report it.",
      });
    }
    ctx.signal.throwIfAborted();
    await target.publish();
  } catch (error) {
    await target.discard();
    throw error;
  }
  const files = await filesAt(params.output_path);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const lineage = columns.map(({ name }) => [name, [{ uri: params.input_artifact, column: name }]] as const);
  ctx.result.addArtifact("output_file", params.output_path);
  ctx.result.addDataset({
    role: "output",
    uri: pathToFileURL(params.output_path).href,
    columns,
    rows,
    bytes,
    lineage: Object.fromEntries(lineage),
  });
  ctx.result.addMetric("rows_read", rows);
  ctx.result.addMetric("rows_output", rows);
  ctx.result.addMetric("files_written", files.length);
  ctx.result.addMetric("bytes_written", bytes);
  return ctx.result.success();
}

/** Gives the number of rows that were written. */
async function write(params: WriterParameters, ctx: WriterContext, job: WriteJob): Promise<number> {
  const { format, pass, columns, source, rows, to } = job;
  const { data, signal } = ctx;
  if (format.kind === "xlsx") {
    const { writeWorkbook } = await import("./xlsx/write-workbook.js");
    const progress = (done: number): void => ctx.progress(done, rows);
    return writeWorkbook({ data, source, columns, params, rows, to, signal, progress });
  }
  const request = { source, columns, params, format, isPlain: pass !== undefined };
  if (pass === undefined) return data.execute(copyStatement({ ...request, to }));
  const plain = data.temporaryPath("plain");
  const written = await data.execute(copyStatement({ ...request, to: plain }));
  if (params.partition_by === undefined) {
    await runTextPass(pass, plain, to, signal);
    return written;
  }
  // Of a table without rows there is no folder.
  for (const file of written === 0 ? [] : await filesAt(plain)) {
    const place = path.join(to, path.relative(plain, file.path));
    await mkdir(path.dirname(place), { recursive: true });
    await runTextPass(pass, file.path, place, signal);
  }
  return written;
}

function judgeEmpty(params: WriterParameters, ctx: WriterContext): void {
  const message = `${params.input_artifact} has no rows`;
  if (params.on_empty === "fail")
    throw writerError("FILE_WRITER_EMPTY", message, "Check the step before, or set `on_empty: ok`.");
  if (params.on_empty === "warn") ctx.result.addWarning(message);
}

async function filesAt(place: string): Promise<{ path: string; bytes: number }[]> {
  const found = await stat(place);
  if (!found.isDirectory()) return [{ path: place, bytes: found.size }];
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return { path: file, bytes: (await stat(file)).size };
      }),
  );
}
