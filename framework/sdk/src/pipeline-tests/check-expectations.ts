import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { sampleRows } from "../artifacts/sample-rows.js";
import type { TableReader } from "../artifacts/table-file.js";
import type { JsonValue } from "../result/json-value.js";
import type { ResultExpectation, TableExpectation } from "../schema/pipeline-test-schema.js";
import { isSame, rowDifferences } from "./compare-rows.js";

/** What a run or a step came to. */
export interface TestResult {
  readonly status: string;
  readonly exitCode: number | undefined;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly globals: Readonly<Record<string, unknown>>;
  /** Files by key. */
  readonly artifacts: Readonly<Record<string, unknown>>;
}

/** How expectations are held against a result. */
export interface ExpectationContext {
  readonly reader: TableReader;
  /** Folder of the file of the test: golden files are relative to it. */
  readonly folder: string;
  /** Whether golden files are written instead of compared. */
  readonly update: boolean;
  /** Told of golden files that were written. */
  readonly onUpdate: (file: string) => void;
}

/** Most rows that are compared one by one. */
const MOST_ROWS = 10_000;

/** How a result differs from what is expected; empty when it does not. */
export async function expectationFailures(
  expected: ResultExpectation,
  result: TestResult,
  context: ExpectationContext,
  what = "",
): Promise<string[]> {
  const at = (name: string): string => (what === "" ? name : `${what}: ${name}`);
  const failures: string[] = [];
  const { status, exit_code, metrics = {}, globals = {}, quarantine, artifacts = {} } = expected;
  const told = result.errors.length === 0 ? "" : ` (${result.errors[0] ?? ""})`;
  if (status !== undefined && status !== result.status)
    failures.push(`${at("status")} is ${result.status}, expected ${status}${told}`);
  if (exit_code !== undefined && exit_code !== result.exitCode)
    failures.push(`${at("exit_code")} is ${String(result.exitCode ?? "none")}, expected ${String(exit_code)}${told}`);
  failures.push(...textFailures(at("errors"), list(expected.errors), result.errors));
  failures.push(...textFailures(at("warnings"), list(expected.warnings), result.warnings));
  for (const [name, given, values] of [
    ["metrics", metrics, result.metrics],
    ["globals", globals, result.globals],
  ] as const) {
    for (const [key, value] of Object.entries(given))
      if (!isSame(value, values[key]))
        failures.push(
          `${at(`${name}.${key}`)} is ${values[key] === undefined ? "absent" : JSON.stringify(values[key])}, expected ${JSON.stringify(value)}`,
        );
  }
  const { rows, ordered, row_count, columns, golden } = expected;
  if ([rows, row_count, columns, golden].some((one) => one !== undefined)) {
    const table: TableExpectation = {
      ...(rows === undefined ? {} : { rows }),
      ...(ordered === undefined ? {} : { ordered }),
      ...(row_count === undefined ? {} : { row_count }),
      ...(columns === undefined ? {} : { columns }),
      ...(golden === undefined ? {} : { golden }),
    };
    failures.push(...(await tableFailures(table, result, "output_data", context, at("output_data"))));
  }
  if (quarantine !== undefined) {
    const table = typeof quarantine === "number" ? { row_count: quarantine } : quarantine;
    failures.push(...(await tableFailures(table, result, "quarantine", context, at("quarantine"))));
  }
  for (const [key, table] of Object.entries(artifacts))
    failures.push(...(await tableFailures(table, result, key, context, at(key))));
  return failures;
}

function textFailures(what: string, expected: readonly string[], got: readonly string[]): string[] {
  return expected
    .filter((text) => !got.some((one) => one.includes(text)))
    .map(
      (text) => `${what} do not hold ${JSON.stringify(text)}: ${got.length === 0 ? "there are none" : got.join("; ")}`,
    );
}

async function tableFailures(
  expected: TableExpectation,
  result: TestResult,
  key: string,
  context: ExpectationContext,
  what: string,
): Promise<string[]> {
  const file = result.artifacts[key];
  if (typeof file !== "string") {
    // A mod that sets nothing aside makes no table of it.
    if (expected.row_count === 0 && expected.rows === undefined && expected.golden === undefined) return [];
    if (expected.rows?.length === 0) return [];
    const made = Object.keys(result.artifacts);
    return [`${what} was not made${made.length === 0 ? "" : `; there are ${made.join(", ")}`}`];
  }
  const table = await sampleRows(context.reader, file, MOST_ROWS);
  const names = table.columns.map(({ name }) => name);
  const failures: string[] = [];
  if (expected.row_count !== undefined && expected.row_count !== table.total)
    failures.push(`${what} has ${String(table.total)} rows, expected ${String(expected.row_count)}`);
  failures.push(...columnFailures(expected.columns, table.columns, what));
  if (expected.rows !== undefined) {
    if (table.total > MOST_ROWS)
      failures.push(`${what} has ${String(table.total)} rows, too many to be compared one by one`);
    else {
      const rows = table.rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])));
      failures.push(...rowDifferences(expected.rows, rows, expected.ordered ?? false, what));
    }
  }
  if (expected.golden !== undefined)
    failures.push(...goldenFailures(expected.golden, names, table.rows, expected.ordered ?? false, context, what));
  return failures;
}

function columnFailures(
  expected: TableExpectation["columns"],
  columns: readonly { readonly name: string; readonly type: string }[],
  what: string,
): string[] {
  if (expected === undefined) return [];
  const wanted = Array.isArray(expected) ? expected.map((name) => ({ name, type: undefined })) : typed(expected);
  const got = columns.map(({ name, type }) => (Array.isArray(expected) ? name : `${name} ${type}`)).join(", ");
  const asked = wanted.map(({ name, type }) => (type === undefined ? name : `${name} ${type}`)).join(", ");
  return got === asked ? [] : [`${what} has the columns ${got}; expected ${asked}`];
}

function typed(
  expected: Readonly<Record<string, string>>,
): { readonly name: string; readonly type: string | undefined }[] {
  return Object.entries(expected).map(([name, type]) => ({ name, type }));
}

/** A golden file is CSV; unless the order counts, its rows are sorted, so that it is the same every time. */
function goldenFailures(
  golden: string,
  names: readonly string[],
  rows: readonly (readonly JsonValue[])[],
  ordered: boolean,
  context: ExpectationContext,
  what: string,
): string[] {
  const file = path.resolve(context.folder, golden);
  const lines = rows.map((row) => row.map(csvField).join(","));
  const text = [names.map(csvField).join(","), ...(ordered ? lines : lines.sort())].join("\n") + "\n";
  const before = existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r\n", "\n") : undefined;
  if (before === text) return [];
  if (context.update) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    context.onUpdate(file);
    return [];
  }
  if (before === undefined) return [`${what}: there is no golden file ${golden}; \`datapy test --update\` writes it`];
  return [`${what} differs from ${golden}: ${firstDifference(before, text)}`];
}

function firstDifference(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const line = old.findIndex((text, index) => text !== now[index]);
  const place = line < 0 ? old.length : line;
  return `line ${String(place + 1)} is ${JSON.stringify(now[place] ?? "")}, expected ${JSON.stringify(old[place] ?? "")}`;
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : `${value as number}`;
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function list(given: string | readonly string[] | undefined): readonly string[] {
  return given === undefined ? [] : typeof given === "string" ? [given] : given;
}
