import type { Guess } from "@datapy/mod-kit";
import { declaredType } from "../columns/declared-type.js";
import { findFiles } from "../input/find-files.js";
import { readQuery } from "../output/duckdb-source.js";
import type { CsvParameters } from "../parameters.js";
import type { CsvContext } from "../read/csv-context.js";
import type { FilePlan } from "../read/plan-file.js";
import { declaredColumns, planAll } from "../read/read-csv.js";
import { BadRows, readFile } from "../read/read-file.js";
import type { FileRead } from "../read/read-file.js";
import { columnNames, columnOutcomes } from "../read/table-columns.js";
import { ScanPool } from "../scan/scan-pool.js";
import { findDateFormats } from "./date-formats.js";
import type { DateFinding } from "./date-formats.js";

/** A column as it is declared. */
type Declaration = string | { readonly type: string; readonly format: string };

/**
 * What the reader finds out of the files by itself, as parameters: their dialect, and the types of all columns over every value. Beyond that,
 * ways of writing dates. Damaged rows are counted and warned of.
 */
export async function guessCsv(given: CsvParameters, ctx: CsvContext): Promise<Guess> {
  const { max_bad_rows: _noLimit, ...rest } = given;
  const params: CsvParameters = { ...rest, on_bad_row: "quarantine" };
  const files = findFiles(typeof params.input_path === "string" ? [params.input_path] : params.input_path);
  const pool = new ScanPool();
  try {
    const plans = await planAll(files, params, ctx, pool);
    if (plans.length === 0) {
      ctx.result.addWarning("there are no rows to look at; nothing was found out");
      return { params: {} };
    }
    const names = columnNames(plans, params);
    const declared = declaredColumns(params, names, plans);
    const bad = new BadRows(params, undefined);
    const scan = async (columns: typeof declared, into: BadRows): Promise<FileRead[]> => {
      const reads: FileRead[] = [];
      for (const plan of plans) reads.push(await readFile(plan, columns, params, ctx, pool, into, () => undefined));
      return reads;
    };
    const reads = await scan(declared, bad);
    const outcomes = columnOutcomes(names, reads, declared, params);
    const columns = new Map<string, Declaration>(
      outcomes.map(({ target: { name, type, format } }) => [name, format === undefined ? type : { type, format }]),
    );
    const notes: string[] = [];
    if (params.type_inference !== "off") {
      const texts = outcomes.filter(({ target }) => target.type === "VARCHAR" && !declared.has(target.name));
      const findings = await findDateFormats(
        ctx.data,
        readQuery(
          reads.map(({ source }) => ({ ...source, label: undefined })),
          texts.map(({ target }) => ({ name: target.name, type: "VARCHAR" })),
          undefined,
        ),
        texts.map(({ target }) => target.name),
      );
      notes.push(...(await declareDates(findings, columns, declared, bad.count, scan, params)));
    }
    if (bad.count > 0)
      ctx.result.addWarning(
        `${String(bad.count)} rows are damaged; on_bad_row says what becomes of them. First: ${bad.shown[0] ?? ""}`,
      );
    return {
      params: { ...dialectOf(plans), columns: Object.fromEntries(columns) },
      ...(notes.length === 0 ? {} : { notes: { columns: notes.join("\n") } }),
    };
  } finally {
    await pool.close();
  }
}

/** Takes the formats that were found into `columns`, unless the reader itself then refuses rows. Gives what is to be said of them. */
async function declareDates(
  findings: ReadonlyMap<string, DateFinding>,
  columns: Map<string, Declaration>,
  declared: ReturnType<typeof declaredColumns>,
  badBefore: number,
  scan: (columns: typeof declared, into: BadRows) => Promise<unknown>,
  params: CsvParameters,
): Promise<string[]> {
  const notes: string[] = [];
  const typed = new Map(declared);
  const formats = new Map<string, Declaration>();
  for (const [name, finding] of findings) {
    if (finding.kind === "unsure") {
      const ways = finding.formats.map(({ type, format }) => `${type} ${JSON.stringify(format)}`).join(" or ");
      notes.push(`${name}: every value can be read as ${ways}; it stays text until you say which`);
      continue;
    }
    const { type, format } = finding.format;
    typed.set(name, declaredType(name, type, format));
    formats.set(name, { type, format });
  }
  if (formats.size === 0) return notes;
  const bad = new BadRows(params, undefined);
  await scan(typed, bad);
  if (bad.count !== badBefore) return notes;
  for (const [name, declaration] of formats) columns.set(name, declaration);
  return notes;
}

/** What all files agree in; what they do not is left to be found out for each. */
function dialectOf(plans: readonly FilePlan[]): Record<string, unknown> {
  const text = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");
  const agreed: Record<string, unknown> = {};
  const add = (key: string, value: (plan: FilePlan) => unknown): void => {
    const values = new Set(plans.map(value));
    if (values.size === 1) agreed[key] = [...values][0];
  };
  add("delimiter", ({ dialect }) => (dialect.delimiter === "\t" ? "tab" : text(dialect.delimiter)));
  add("quote", ({ dialect }) => text(dialect.quote));
  add("escape", ({ dialect }) => text(dialect.escape));
  add("encoding", (plan) => plan.text.encoding);
  add("compression", (plan) => plan.text.compression);
  add("skip_rows", (plan) => plan.linesBeforeHeader);
  add("header", ({ headerRecords }) => (headerRecords === 0 ? false : headerRecords === 1 ? true : headerRecords));
  return agreed;
}
