import { closestName, isDatapyError, literal, raw, sql, table } from "@datapy/mod-kit";
import type { ColumnLineage, Envelope, TableArtifact } from "@datapy/mod-kit";
import { declaredType } from "../columns/declared-type.js";
import type { DeclaredType } from "../columns/declared-type.js";
import { csvError } from "../csv-error.js";
import { examine, findFiles } from "../input/find-files.js";
import type { InputFile } from "../input/find-files.js";
import { prepareText } from "../input/prepare-text.js";
import { csvLineage } from "../output/csv-lineage.js";
import { readQuery } from "../output/duckdb-source.js";
import { QUARANTINE_COLUMNS, QuarantineFile } from "../output/quarantine.js";
import type { CsvParameters } from "../parameters.js";
import { PIECE_BYTES } from "../scan/scan-file.js";
import { ScanPool } from "../scan/scan-pool.js";
import type { CsvContext } from "./csv-context.js";
import { judgeBadRows, judgeEmpty } from "./judge-rows.js";
import { planFile } from "./plan-file.js";
import type { FilePlan } from "./plan-file.js";
import { BadRows, readFile, readPlainly } from "./read-file.js";
import type { FileRead } from "./read-file.js";
import { columnNames, columnOutcomes } from "./table-columns.js";
import type { ColumnOutcome } from "./table-columns.js";

/**
 * Reads the files: scan every byte, decide on types, let DuckDB read what is sound, compare what it read with what was scanned.
 * @throws DatapyError `CSV_…` with exit code 20 when the input or a parameter is at fault; nothing is then written.
 */
export async function readCsv(params: CsvParameters, ctx: CsvContext): Promise<Envelope> {
  const files = findFiles(typeof params.input_path === "string" ? [params.input_path] : params.input_path);
  const pool = new ScanPool();
  const quarantine =
    params.on_bad_row === "quarantine" ? new QuarantineFile(ctx.data.temporaryPath("quarantine.csv")) : undefined;
  try {
    if (files.some((file) => file.size > PIECE_BYTES)) {
      pool.start();
      // DuckDB is loaded while the scan threads work. Should that fail, the first use says so.
      void ctx.data.describe(sql`select 1`).catch(() => undefined);
    }
    const plans = await planAll(files, params, ctx, pool);
    const names = columnNames(plans, params);
    const declared = declaredColumns(params, names, plans);
    const labelName = params.source_file ? label(names) : undefined;

    const bad = new BadRows(params, quarantine);
    const reads: FileRead[] = [];
    const total = files.reduce((sum, file) => sum + file.size, 0);
    let before = 0;
    for (const plan of plans) {
      ctx.signal.throwIfAborted();
      reads.push(
        await readFile(plan, declared, params, ctx, pool, bad, (bytes) =>
          ctx.progress(Math.min(before + bytes, total), total, "bytes"),
        ),
      );
      before += plan.file.size;
      if (bad.tooMany) break;
    }
    judgeBadRows(bad, reads, params);
    const records = reads.reduce((sum, read) => sum + read.seen.counts.records, 0);
    report(plans, reads, ctx);
    judgeEmpty(files, records + bad.count, params, ctx);

    const outcomes = columnOutcomes(names, reads, declared, params);
    if (bad.count > 0) await writeQuarantine(bad, ctx);
    let written: TableArtifact | undefined;
    if (names.length > 0) {
      const lineage = csvLineage(
        names,
        plans,
        typeof params.input_path === "string" ? [params.input_path] : params.input_path,
      );
      written = await writeRows(reads, outcomes, labelName, records, files, lineage, ctx).catch(
        async (error: unknown) => {
          // DuckDB read the file otherwise than the scanner, or not at all: it gets all rows in the plain dialect instead.
          if (ctx.signal.aborted || !mayReadOtherwise(error) || reads.every((read) => read.emitted)) throw error;
          ctx.log.info("DuckDB does not read the input as it was scanned; reading a plain copy", {
            reason: String(error),
          });
          const plain: FileRead[] = [];
          for (const read of reads) plain.push(await readPlainly(read, declared, params, ctx, pool));
          return writeRows(plain, outcomes, labelName, records, files, lineage, ctx);
        },
      );
      for (const { note } of outcomes) if (note !== undefined) ctx.log.info(note);
      ctx.log.info("types", { columns: Object.fromEntries(outcomes.map(({ target }) => [target.name, target.type])) });
    }
    return await finish(written, records, bad, files, params, ctx);
  } finally {
    quarantine?.close();
    await pool.close();
  }
}

/** Finds out how each file is written. Files without records are left out. */
export async function planAll(
  files: readonly InputFile[],
  params: CsvParameters,
  ctx: CsvContext,
  pool: ScanPool,
): Promise<FilePlan[]> {
  const plans: FilePlan[] = [];
  const { compression, encoding } = params;
  for (const file of files) {
    ctx.signal.throwIfAborted();
    const text = await prepareText(file, {
      compression,
      encoding,
      scanner: () => pool.module,
      tolerant: params.on_bad_row === "quarantine",
      temporaryPath: (name) => ctx.data.temporaryPath(name),
      signal: ctx.signal,
    });
    const plan = planFile(file, text, params);
    if ("empty" in plan) {
      // A declared table has its columns also when there is nothing in it.
      if (files.length > 1) ctx.log.info(`${file.path} is empty`);
      continue;
    }
    for (const note of plan.notes) ctx.log.info(`${file.path}: ${note}`);
    for (const warning of plan.warnings) ctx.result.addWarning(warning);
    if (text.copied)
      ctx.log.info(`${file.path} was decoded to UTF-8; byte offsets count from the start of the decoded text`);
    plans.push(plan);
  }
  return plans;
}

/** Types of the columns that are declared. @throws DatapyError `CSV_COLUMNS`, `CSV_COLUMN_TYPE` */
export function declaredColumns(
  params: CsvParameters,
  names: readonly string[],
  plans: readonly FilePlan[],
): Map<string, DeclaredType> {
  const declared = new Map<string, DeclaredType>();
  for (const [name, given] of Object.entries(params.columns ?? {})) {
    const { type, format } = typeof given === "string" ? { type: given, format: undefined } : given;
    declared.set(name, declaredType(name, type, format));
    if (plans.length > 0 && !names.includes(name)) {
      const near = closestName(name, names);
      throw csvError(
        "CSV_COLUMNS",
        `columns names ${JSON.stringify(name)}, which is no column of ${plans[0]?.file.path ?? "the input"}`,
        `${near === undefined ? "" : `did you mean ${JSON.stringify(near)}? `}Its columns are ${names
          .slice(0, 20)
          .map((known) => JSON.stringify(known))
          .join(", ")}${names.length > 20 ? ", …" : ""}`,
        undefined,
        ["columns", name],
      );
    }
  }
  return declared;
}

function label(names: readonly string[]): string {
  if (names.some((name) => name.toLowerCase() === "source_file")) {
    throw csvError(
      "CSV_COLUMNS",
      "the input has a column source_file of its own",
      "declare source_file: false, or rename the column",
    );
  }
  return "source_file";
}

function report(plans: readonly FilePlan[], reads: readonly FileRead[], ctx: CsvContext): void {
  for (const { plan, seen } of reads) {
    const { blanks, comments, lf, crlf } = seen.counts;
    if (blanks > 0) ctx.log.info(`${plan.file.path}: ${blanks} blank lines were left out`);
    if (comments > 0) ctx.log.info(`${plan.file.path}: ${comments} comment lines were left out`);
    if (lf > 0 && crlf > 0) ctx.log.info(`${plan.file.path}: ${lf} rows end with LF and ${crlf} with CRLF`);
  }
  ctx.log.debug("scanned", { files: plans.length });
}

async function writeQuarantine(bad: BadRows, ctx: CsvContext): Promise<void> {
  const { quarantine } = bad;
  if (quarantine === undefined) return;
  quarantine.flush();
  const columns = Object.entries(QUARANTINE_COLUMNS).map(([name, type]) => ({ name, type }));
  const query = readQuery(
    [
      {
        path: quarantine.path,
        skip: 0,
        delimiter: ",",
        quote: '"',
        nullTexts: [""],
        quotedNulls: false,
        parallel: false,
        endsWithLf: true,
        longestRecord: quarantine.longest,
        names: columns.map(({ name }) => name),
        label: undefined,
      },
    ],
    columns,
    undefined,
  );
  await ctx.data.writeTable("quarantine", query, {
    verify: ({ rows }) => {
      if (rows !== quarantine.rows)
        throw csvError(
          "CSV_NOT_RECONCILED",
          `${quarantine.rows} rows were set aside, but ${rows} were written to the quarantine`,
        );
    },
  });
}

async function writeRows(
  reads: readonly FileRead[],
  outcomes: readonly ColumnOutcome[],
  labelName: string | undefined,
  records: number,
  files: readonly InputFile[],
  lineage: ColumnLineage,
  ctx: CsvContext,
): Promise<TableArtifact> {
  const columns = outcomes.map(({ target }) => target);
  const full = reads.filter((read) => read.seen.counts.records > 0);
  const sources = full.map(({ source, plan }) => ({
    ...source,
    label: labelName === undefined ? undefined : plan.file.path,
  }));
  const query =
    sources.length > 0
      ? readQuery(sources, columns, labelName)
      : emptyQuery(
          columns
            .map(({ name, type }) => ({ name, type }))
            .concat(labelName === undefined ? [] : [{ name: labelName, type: "VARCHAR" }]),
        );
  return ctx.data.writeTable("output_data", query, {
    lineage,
    verify: (made) => {
      for (const file of files) {
        const now = examine(file.path);
        if (now.size !== file.size || now.modified !== file.modified || now.inode !== file.inode) {
          throw csvError(
            "CSV_FILE_CHANGED",
            `${file.path} changed while it was read`,
            "run again when nothing writes to it",
          );
        }
      }
      reconcile(made, records, outcomes);
    },
  });
}

/** Whether reading a plain copy may help: the counts differed, or DuckDB refused the text. */
function mayReadOtherwise(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isDatapyError(error) && error.code.startsWith("CSV_")) return error.code === "CSV_NOT_RECONCILED";
  return /CSV|Conversion|Invalid Input/.test(error.message);
}

function emptyQuery(columns: readonly { readonly name: string; readonly type: string }[]) {
  const values = columns.map(({ name, type }) => `cast(null as ${type}) as "${name.replaceAll('"', '""')}"`);
  return raw(`select ${values.join(", ")} where false`);
}

/** DuckDB must have read what was scanned: as many rows, and in every column as many NULLs. */
function reconcile(made: TableArtifact, records: number, outcomes: readonly ColumnOutcome[]): void {
  const differ = (what: string, scanned: number, read: number): never => {
    throw csvError(
      "CSV_NOT_RECONCILED",
      `${what}: ${scanned} in the scan, ${read} in the table; nothing was written`,
      "please report this with the file: the two readers of this mod disagree",
    );
  };
  if (made.rows !== records) differ("rows", records, made.rows);
  outcomes.forEach(({ target, nulls }, index) => {
    const count = made.columns[index]?.nullCount;
    if (count !== undefined && count !== nulls) differ(`NULLs in column ${JSON.stringify(target.name)}`, nulls, count);
  });
}

async function finish(
  written: TableArtifact | undefined,
  records: number,
  bad: BadRows,
  files: readonly InputFile[],
  params: CsvParameters,
  ctx: CsvContext,
): Promise<Envelope> {
  const { result } = ctx;
  result.addMetric("rows_read", records + bad.count);
  result.addMetric("rows_output", records);
  result.addMetric("rows_rejected", bad.count);
  result.addMetric("rows_processed", records + bad.count);
  result.addMetric(
    "bytes_read",
    files.reduce((sum, file) => sum + file.size, 0),
  );
  result.addMetric("files_read", files.length);
  if (written !== undefined) result.addMetric("bytes_written", written.bytes);
  if (params.preview > 0) {
    result.addMetric(
      "preview",
      written === undefined
        ? []
        : await ctx.data.query(sql`select columns(*)::varchar from ${table(written)} limit ${literal(params.preview)}`),
    );
  }
  if (bad.count > 0) {
    const reasons = [...bad.byReason].sort((a, b) => b[1] - a[1]).slice(0, 5);
    const list = reasons.map(([reason, count]) => `${count} × ${reason}`).join(", ");
    result.addWarning(
      `${bad.count} of ${records + bad.count} rows are damaged and were set aside in the artifact quarantine: ${list}. First: ${bad.shown[0] ?? ""}`,
    );
  }
  return result.success();
}
