import { ident, missingFileHint, sql } from "@datapy/mod-kit";
import { open } from "node:fs/promises";
import type { ExpectationOf } from "../params.js";
import { isNumeric } from "../profile.js";
import { qualityError } from "../quality-error.js";
import { localFile } from "../source.js";
import { columnOf } from "./check-context.js";
import type { CheckContext } from "./check-context.js";
import { judged } from "./outcome.js";
import type { Finding } from "./outcome.js";

const TAIL_BYTES = 65_536;
const MOST_CONTROL_BYTES = 16_777_216;

/** A total that the sender wrote down is that of the data. Both are compared as decimals, to the last digit. */
export async function controlTotal(around: CheckContext, given: ExpectationOf<"control_total">): Promise<Finding> {
  const { ctx, source } = around;
  let actual = sql`cast(count(*) as decimal(38,9))`;
  if (given.column !== undefined) {
    const column = columnOf(source.columns, given.column);
    if (!isNumeric(column.type))
      throw qualityError(
        "QUALITY_BAD_EXPECTATION",
        `${JSON.stringify(column.name)} is ${column.type}, which has no sum`,
      );
    actual = sql`coalesce(sum(cast(${ident(column.name)} as decimal(38,9))), 0)`;
  }
  const text = await controlText(around, given);
  const what = given.column === undefined ? "rows" : `sum of ${given.column}`;
  if (!/^[-+]?\d{1,29}(?:\.\d{1,9})?$/.test(text))
    return judged(false, `a total in ${given.control_file}`, `${JSON.stringify(text.slice(0, 60))} is no number`);
  const [row] = await ctx.data.query<{
    actual: string;
    stated: string;
    difference: string;
    value: number;
    near: boolean;
  }>(sql`
    with a as (select ${actual} as actual from ${source.relation}),
      s as (select cast(${scaled(text, given.scale ?? 0)} as decimal(38,9)) as stated)
    select cast(actual as varchar) as actual, cast(stated as varchar) as stated, cast(actual - stated as varchar) as difference,
      cast(actual as double) as value, abs(actual - stated) <= cast(${String(given.tolerance ?? 0)} as decimal(38,9)) as near from a, s`);
  if (row === undefined) return judged(false, text, "nothing");
  const observed = `${what} ${short(row.actual)}${row.near ? "" : `, a difference of ${short(row.difference)}`}`;
  return judged(row.near, `${what} ${short(row.stated)} (${given.control_file})`, observed, row.value);
}

async function controlText({ ctx, files }: CheckContext, given: ExpectationOf<"control_total">): Promise<string> {
  const { control_file: file, pattern, json_path: jsonPath } = given;
  if ((pattern === undefined) === (jsonPath === undefined))
    throw qualityError("QUALITY_BAD_EXPECTATION", "control_total needs either `pattern` or `json_path`");
  const isTail = pattern !== undefined && (given.line ?? "last") === "last";
  const content = await contentOf((await localFile(file, files)).local, file, isTail);
  try {
    if (jsonPath !== undefined) {
      const [row] = await ctx.data.query<{ total: string | null }>(
        sql`select json_extract_string(cast(${content} as json), ${jsonPath}) as total`,
      );
      if (row?.total == null) throw new Error(`there is nothing at ${jsonPath}`);
      return row.total.trim();
    }
    const lines = content.split(/\r?\n/).filter((line) => line.trim() !== "");
    const chosen = given.line === "any" ? lines : [(given.line === "first" ? lines[0] : lines.at(-1)) ?? ""];
    const [row] = await ctx.data.query<{ totals: readonly string[] }>(
      sql`select coalesce(list(distinct regexp_extract(line, ${pattern ?? ""}, 1)), []) as totals from (select unnest(${[...chosen]}) as line) where regexp_matches(line, ${pattern ?? ""})`,
    );
    const [total, another] = row?.totals ?? [];
    if (total === undefined)
      throw new Error(
        `no line matches ${String(pattern)}${chosen.length === 1 ? `: ${JSON.stringify(chosen[0]?.slice(0, 80))}` : ""}`,
      );
    if (another !== undefined) throw new Error(`several lines match ${String(pattern)}, with different totals`);
    return total.trim();
  } catch (cause) {
    ctx.signal.throwIfAborted();
    throw qualityError("QUALITY_BAD_EXPECTATION", `no total in ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** A control file is small; of a data file only the end is read. */
async function contentOf(local: string, file: string, isTail: boolean): Promise<string> {
  try {
    const handle = await open(local, "r");
    try {
      const { size } = await handle.stat();
      if (!isTail && size > MOST_CONTROL_BYTES)
        throw new Error(`it is larger than ${String(MOST_CONTROL_BYTES)} bytes, no control file`);
      const length = isTail ? Math.min(size, TAIL_BYTES) : size;
      const buffer = Buffer.alloc(length);
      await handle.read(buffer, 0, length, size - length);
      return buffer.toString("utf8").replace(/^\ufeff/, "");
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      throw qualityError("QUALITY_BAD_EXPECTATION", `there is no control file ${file}`, {
        cause,
        hint: missingFileHint(file),
      });
    }
    throw qualityError(
      "QUALITY_BAD_EXPECTATION",
      `the control file ${file} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Moves the point to the left. In SQL that would be a division, which makes a double of a decimal. */
function scaled(text: string, scale: number): string {
  const [, sign = "", whole = "", fraction = ""] = /^([-+]?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const digits = whole.padStart(scale + 1, "0");
  const cut = digits.length - scale;
  return `${sign}${digits.slice(0, cut)}.${digits.slice(cut)}${fraction}0`;
}

function short(decimal: string): string {
  return decimal.replace(/\.?0+$/, "");
}
