import path from "node:path";
import { isKnownType, join, literal, raw, sql, strictCast } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { SourcedFile } from "@datapy/object-storage";
import { firstRecord, plainText, scanCsv } from "./csv-file.js";
import type { CsvForm } from "./csv-file.js";
import { broken, passed, within } from "./finding.js";
import type { Finding } from "./finding.js";
import type { ValidatorParams } from "./parameters.js";
import type { RuleOf } from "./rules.js";
import type { ValidatorContext } from "./validator-context.js";

const EXAMPLES = 5;

/** Rows and columns of one file, read once for all rules that look at them. */
export class TableFile {
  readonly #file: SourcedFile;
  readonly #params: ValidatorParams;
  readonly #ctx: ValidatorContext;
  readonly format: "csv" | "parquet" | "json";
  #plain: Promise<string> | undefined;
  #names: Promise<readonly string[]> | undefined;

  constructor(file: SourcedFile, params: ValidatorParams, ctx: ValidatorContext) {
    this.#file = file;
    this.#params = params;
    this.#ctx = ctx;
    this.format = params.format === "auto" ? formatOf(file.name) : params.format;
  }

  async header({ columns, order = "exact" }: RuleOf<"header">): Promise<Finding> {
    if (this.format === "csv" && !this.#params.header) return broken("it has no header (`header: false`)");
    const names = await this.#columns();
    const missing = columns.filter((name) => !names.includes(name));
    const more = names.filter((name) => !columns.includes(name));
    const faults: string[] = [];
    if (missing.length > 0) faults.push(`it lacks ${quoted(missing)}`);
    if (more.length > 0 && order !== "contains") faults.push(`it has ${quoted(more)} besides`);
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    if (twice.length > 0) faults.push(`it has ${quoted([...new Set(twice)])} more than once`);
    if (faults.length === 0 && order === "exact" && names.some((name, index) => name !== columns[index]))
      faults.push(`its columns stand in another order: ${quoted(names)}`);
    return faults.length === 0
      ? passed("its columns are as given", { columns: names })
      : broken(faults.join("; "), { columns: names });
  }

  async columnCount(rule: RuleOf<"column_count">): Promise<Finding> {
    const names = await this.#columns();
    const { min, max } = rule;
    const equals = rule.equals ?? (min === undefined && max === undefined ? names.length : undefined);
    const bounds = {
      ...(equals === undefined ? {} : { equals }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    };
    if (this.format !== "csv") {
      const fault = within(names.length, bounds);
      return fault === undefined
        ? passed(`it has ${String(names.length)} columns`)
        : broken(`it has ${String(names.length)} columns, ${fault}`);
    }
    const fault = this.#params.header ? within(names.length, bounds) : undefined;
    const least = equals ?? min ?? 1;
    const most = equals ?? max ?? Math.max(names.length, least);
    const source = await this.#scan(Math.max(names.length, least, most) + 1);
    const few = least === 0 ? sql`false` : sql`${raw(`c${String(least - 1)}`)} is null`;
    const many = equals === undefined && max === undefined ? sql`false` : sql`${raw(`c${String(most)}`)} is not null`;
    const [counted = {}] = await this.#ctx.data.query(
      sql`select count(*) filter (where ${few}) as few, count(*) filter (where ${many}) as many from ${source}`,
    );
    const wrong = Number(counted["few"]) + Number(counted["many"]);
    if (wrong === 0)
      return fault === undefined
        ? passed("every row has as many columns as it should")
        : broken(`its header has ${String(names.length)} columns, ${fault}`);
    const rows = await this.#rowNumbers(source, sql`${few} or ${many}`);
    const parts = [
      Number(counted["few"]) === 0 ? "" : `${String(counted["few"])} rows have fewer than ${String(least)} columns`,
      Number(counted["many"]) === 0 ? "" : `${String(counted["many"])} rows have more than ${String(most)} columns`,
      fault === undefined ? "" : `the header has ${String(names.length)}`,
    ];
    return broken(`${parts.filter((one) => one !== "").join(", ")} (row ${rows.join(", ")})`, {
      rows_wrong: wrong,
      first_rows: rows,
    });
  }

  async rowCount(rule: RuleOf<"row_count">): Promise<Finding> {
    const source = this.format === "csv" ? await this.#scan((await this.#columns()).length + 1) : await this.#native();
    const [counted = {}] = await this.#ctx.data.query(sql`select count(*) as n from ${source}`);
    const rows = Number(counted["n"]);
    const fault = within(rows, rule);
    return fault === undefined
      ? passed(`it has ${String(rows)} rows`, { rows })
      : broken(`it has ${String(rows)} rows, ${fault}`, { rows });
  }

  async schema(rule: RuleOf<"schema">): Promise<Finding> {
    const names = await this.#columns();
    const wanted = Object.entries(rule.columns);
    const faults = wanted
      .filter(([name]) => !names.includes(name))
      .map(([name]) => `it has no column ${JSON.stringify(name)}`);
    const there = wanted.filter(([name]) => names.includes(name));
    if (this.format !== "csv") {
      const columns = await this.#ctx.data.describe(sql`select * from ${await this.#native()}`);
      for (const [name, type] of there) {
        const own = columns.find((column) => column.name === name)?.type ?? "";
        if (!sameType(own, type)) faults.push(`${JSON.stringify(name)} is ${own}, not ${type}`);
      }
      return faults.length === 0 ? passed("its columns have the types given") : broken(faults.join("; "));
    }
    const checks = there.flatMap(([name, type]) => {
      if (!isKnownType(type)) {
        faults.push(`${JSON.stringify(type)} of ${JSON.stringify(name)} is no type of DuckDB`);
        return [];
      }
      const column = sql`nullif(${raw(`c${String(names.indexOf(name))}`)}, '')`;
      return [{ name, type, bad: strictCast(column, "VARCHAR", { type }).bad }];
    });
    if (checks.length > 0) {
      const source = await this.#scan(names.length + 1);
      const counts = checks.map(({ bad }, index) => sql`count(*) filter (where ${bad}) as ${raw(`n${String(index)}`)}`);
      const [counted = {}] = await this.#ctx.data.query(sql`select ${join(counts)} from ${source}`);
      for (const [index, { name, type, bad }] of checks.entries()) {
        const count = Number(counted[`n${String(index)}`]);
        if (count === 0) continue;
        const rows = await this.#rowNumbers(source, bad);
        faults.push(`${String(count)} values of ${JSON.stringify(name)} are no ${type} (row ${rows.join(", ")})`);
      }
    }
    return faults.length === 0 ? passed("its columns have the types given") : broken(faults.join("; "));
  }

  async #columns(): Promise<readonly string[]> {
    return (this.#names ??= this.#readColumns());
  }

  async #readColumns(): Promise<readonly string[]> {
    if (this.format !== "csv")
      return (await this.#ctx.data.describe(sql`select * from ${await this.#native()}`)).map((column) => column.name);
    const record = await firstRecord(await this.#text(), this.#form(), this.#ctx.signal);
    if (record === undefined) throw new Error("it is empty");
    return this.#params.header ? record : record.map((_, index) => `column${String(index)}`);
  }

  #form(): CsvForm {
    const { delimiter, quote, escape, header, encoding } = this.#params;
    const given =
      delimiter === "auto" ? (/\.(?:tsv|tab)(?:\.(?:gz|zst))?$/i.test(this.#file.name) ? "\t" : ",") : delimiter;
    return { delimiter: given === "tab" ? "\t" : given, quote, escape, header, encoding };
  }

  async #text(): Promise<string> {
    return (this.#plain ??= this.#file
      .local()
      .then((file) =>
        plainText(file, this.#params.encoding, () => this.#ctx.data.temporaryPath("plain.csv"), this.#ctx.signal),
      ));
  }

  async #scan(width: number): Promise<Sql> {
    return scanCsv(await this.#text(), this.#form(), width);
  }

  async #native(): Promise<Sql> {
    const file = literal(await this.#file.local());
    return this.format === "parquet"
      ? sql`read_parquet(${file}, hive_partitioning = false)`
      : sql`read_json(${file}, hive_partitioning = false, sample_size = -1, maximum_object_size = 268435456)`;
  }

  /** Numbers of the first rows that are so, from 1, without the header. */
  async #rowNumbers(source: Sql, condition: Sql): Promise<number[]> {
    const found = await this.#ctx.data.query(
      sql`select n from (select row_number() over () as n, * from ${source}) where ${condition} order by n limit ${EXAMPLES}`,
    );
    return found.map((row) => Number(row["n"]));
  }
}

function formatOf(name: string): "csv" | "parquet" | "json" {
  const plain = name.replace(/\.(?:gz|zst)$/i, "");
  const ending = path.extname(plain).toLowerCase();
  if (ending === ".parquet" || ending === ".pq") return "parquet";
  return [".json", ".ndjson", ".jsonl"].includes(ending) ? "json" : "csv";
}

const SYNONYMS: Readonly<Record<string, string>> = {
  BOOL: "BOOLEAN",
  INT: "INTEGER",
  REAL: "FLOAT",
  STRING: "VARCHAR",
  TEXT: "VARCHAR",
  TIMESTAMPTZ: "TIMESTAMP WITH TIME ZONE",
};

function sameType(one: string, other: string): boolean {
  const plain = (type: string): string => {
    const upper = type
      .trim()
      .toUpperCase()
      .replace(/\s*,\s*/g, ",");
    return SYNONYMS[upper] ?? upper;
  };
  return plain(one) === plain(other);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(", ");
}
