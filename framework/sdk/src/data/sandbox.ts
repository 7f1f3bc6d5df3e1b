import { mkdir, rename } from "node:fs/promises";
import path from "node:path";
import { isDatapyError } from "@datapy/mod-kit";
import type { Column, DataSandbox, SandboxParameters, SandboxQuery, TableArtifact } from "@datapy/mod-kit";
import type { DuckDBMaterializedResult } from "@duckdb/node-api";
import { fault } from "../errors.js";
import { escapeGlob, quoteIdentifier, quoteText, readParquet } from "./duckdb-dialect.js";
import type { DataConnection, DataEngine } from "./duckdb-engine.js";
import { duckdbError, errorText, firstLine, unreadableTable } from "./duckdb-error.js";
import { caretPosition, explainSql, suggestColumn } from "./explain-sql.js";
import { interruptible } from "./interruptible.js";
import { parquetError, parquetSafe } from "./parquet-types.js";
import { restate } from "../restate.js";
import { bindParameters, namesOf } from "./sandbox-parameters.js";
import { assertContained } from "./sandbox-syntax.js";
import { sqlTokens } from "./sql-tokens.js";
import { withStaticPivots } from "./static-pivots.js";
import { copyStatement, describeQuery, withNullCounts, writtenFile } from "./table-columns.js";

/** What a sandbox is made of. */
export interface SandboxOptions {
  readonly engine: DataEngine;
  readonly signal: AbortSignal;
  /** Parquet files by the name that the SQL gives them. */
  readonly tables: Readonly<Record<string, string>>;
  /** A folder of its own, for what it writes; made here. */
  readonly folder: string;
  /** In a preview: most rows that a table gets. Default all. */
  readonly sampleRows?: number | undefined;
  /** Gives a file that `write` has made whole its place among the artifacts. */
  readonly publish: (
    key: string,
    write: (file: string) => Promise<Omit<TableArtifact, "kind" | "key" | "uri">>,
    options: Parameters<DataSandbox["writeTable"]>[2],
  ) => Promise<TableArtifact>;
}

/** A {@link DataSandbox} with its end. */
export interface OpenedSandbox {
  readonly sandbox: DataSandbox;
  /** Ends what is still running. */
  close(): Promise<void>;
}

/** Opens a DuckDB that has no file system but its tables, and whose settings cannot be changed any more. */
export async function openSandbox(options: SandboxOptions): Promise<OpenedSandbox> {
  const { engine, signal, tables, folder, sampleRows, publish } = options;
  const { opened, closeInstance } = await engine.separate();
  const { connection, duckdb } = opened;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  let files = 0;
  const columns: Record<string, readonly Column[]> = {};

  function exclusive<Result>(operation: () => Promise<Result>): Promise<Result> {
    if (closed) throw fault("DATAPY_RUN_OVER", { what: "a sandbox" });
    const turn = last.then(() => interruptible(connection, signal, operation));
    last = turn.catch(() => undefined);
    return turn;
  }

  /** Runs a text that may be several statements (a dynamic pivot is two); gives the result of the last. */
  async function run(text: string, parameters: SandboxParameters): Promise<DuckDBMaterializedResult | undefined> {
    const statements = await connection.extractStatements(text);
    let result: DuckDBMaterializedResult | undefined;
    for (let index = 0; index < statements.count; index += 1) {
      const statement = await statements.prepare(index);
      try {
        bindParameters(duckdb, statement, parameters);
        result = await statement.run();
      } finally {
        statement.destroySync();
      }
    }
    return result;
  }

  /** {@link run} for a text of the user that stands from the second line on. Faults before any row has been read are the text's. */
  async function binding<Result>(operation: () => Promise<Result>): Promise<Result> {
    try {
      return await operation();
    } catch (error) {
      if (isDatapyError(error) || signal.aborted) throw error;
      throw refused(errorText(error), error, { tables: columns });
    }
  }

  async function describe(text: string, parameters: SandboxParameters): Promise<Column[]> {
    const described = await binding(() => run(`DESCRIBE SELECT * FROM (\n${text}\n)`, parameters));
    const rows = (await described?.getRows()) ?? [];
    return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  }

  async function check(
    given: string,
    parameters: SandboxParameters,
  ): Promise<SandboxQuery & { readonly text: string }> {
    const text = withoutLastSemicolons(given);
    const { syntax, dynamicPivot } = await syntaxOf(opened, text);
    assertContained(syntax, text, Object.keys(tables));
    const columns = await describe(text, parameters);
    if (!dynamicPivot) await assertNames(text, parameters);
    return { columns, syntax, dynamicPivot, text };
  }

  /** A subquery renames the second of two columns of one name, unseen; so this asks the query itself. */
  async function assertNames(text: string, parameters: SandboxParameters): Promise<void> {
    const statement = await binding(() => connection.prepare(text));
    try {
      const used = new Set<string>();
      for (let index = 1; index <= statement.parameterCount; index += 1)
        used.add(statement.parameterName(index).toLowerCase());
      const idle = namesOf(parameters).filter((name) => !used.has(name.slice(1).toLowerCase()));
      if (idle.length > 0)
        throw fault("DATAPY_SANDBOX_PARAMETER", {
          detail: `the SQL has no ${idle.join(", ")}, for which a value is given`,
        });
      const names = Array.from({ length: statement.columnCount }, (_, index) => statement.columnName(index));
      const seen = new Set<string>();
      for (const name of names) {
        if (seen.has(name.toLowerCase()))
          throw fault("DATAPY_SANDBOX_SQL", {
            detail: `two columns are called ${JSON.stringify(name)}: give one another name with AS`,
          });
        seen.add(name.toLowerCase());
      }
    } finally {
      statement.destroySync();
    }
  }

  async function write(
    file: string,
    text: string,
    parameters: SandboxParameters,
  ): Promise<Omit<TableArtifact, "kind" | "key" | "uri">> {
    const checked = await check(text, parameters);
    const own = path.join(folder, `${String(++files)}.parquet`);
    const whole = parquetSafe(`\n${checked.text}`, checked.columns);
    const safe = sampleRows === undefined ? whole : `SELECT * FROM (${whole}\n) LIMIT ${String(sampleRows)}`;
    let result: DuckDBMaterializedResult | undefined;
    try {
      result = await run(copyStatement(safe, own), parameters);
    } catch (error) {
      if (isDatapyError(error) || signal.aborted) throw error;
      const told = parquetError(error, checked.columns);
      if (isDatapyError(told)) throw told;
      throw parameterFault(error, parameters) ?? duckdbError(shifted(error), { usersStatement: true });
    }
    const written = writtenFile((await result?.getRowObjectsJS())?.[0] ?? {});
    const columns = await describeQuery(connection, `SELECT * FROM ${readParquet(own)}`);
    await rename(own, file);
    return { rows: written.rows, bytes: written.bytes, columns: withNullCounts(columns, written) };
  }

  async function close(): Promise<void> {
    closed = true;
    const interrupting = setInterval(() => connection.interrupt(), 20);
    await last;
    clearInterval(interrupting);
    closeInstance();
  }

  try {
    await mkdir(folder, { recursive: true });
    await exclusive(async () => {
      for (const [name, uri] of Object.entries(tables)) {
        try {
          await connection.run(`CREATE VIEW ${quoteIdentifier(name)} AS SELECT * FROM ${readParquet(uri)}`);
        } catch (error) {
          const known = unreadableTable(errorText(error));
          const why = known === undefined ? firstLine(errorText(error)) : `${known.file}: ${known.detail}`;
          const detail = `the table ${JSON.stringify(name)} cannot be read: ${why}`;
          const hint =
            known === undefined ? undefined : "Tables are Parquet files; `datapy artifacts` says where they are.";
          throw fault("DATAPY_SANDBOX_SQL", { detail }, { cause: error, hint });
        }
        columns[name] = await describeQuery(connection, `SELECT * FROM ${quoteIdentifier(name)}`);
      }
      // A path with `*`, `?` or `[` is asked for in the form in which these stand for themselves, too.
      const forms = (paths: readonly string[]): string =>
        [...new Set(paths.flatMap((one) => [one, escapeGlob(one)]))].map(quoteText).join(", ");
      await connection.run(`SET GLOBAL allowed_paths = [${forms(Object.values(tables))}]`);
      await connection.run(`SET GLOBAL allowed_directories = [${forms([folder + path.sep])}]`);
      await connection.run("SET GLOBAL enable_external_access = false");
      await connection.run("SET GLOBAL lock_configuration = true");
    });
  } catch (error) {
    closeInstance();
    throw error;
  }
  return {
    close,
    sandbox: {
      tables: columns,
      async check(text, parameters = []) {
        try {
          const { columns: found, syntax, dynamicPivot } = await exclusive(() => check(text, parameters));
          return { columns: found, syntax, dynamicPivot };
        } catch (error) {
          throw positioned(error, text);
        }
      },
      writeTable: (key, text, options = {}) =>
        publish(key, (file) => exclusive(() => write(file, text, options.parameters ?? [])), options),
    },
  };
}

/** The syntax tree of the one SELECT of `text`. */
async function syntaxOf(opened: DataConnection, text: string): Promise<{ syntax: unknown; dynamicPivot: boolean }> {
  const { connection } = opened;
  const parse = async (sql: string): Promise<number> => {
    try {
      return (await connection.extractStatements(sql)).count;
    } catch (error) {
      throw refused(errorText(error), error, { linesBefore: 0 });
    }
  };
  if (sqlTokens(text).length === 0 || (await parse(text)) === 0)
    throw fault("DATAPY_SANDBOX_SQL", { detail: "it is empty" });
  const plain = await serialize(opened, text);
  if (plain !== undefined) return { syntax: plain, dynamicPivot: false };
  const fixed = withStaticPivots(text);
  const isOneQuery =
    fixed !== text &&
    (await connection.extractStatements(`SELECT * FROM (\n${text}\n)`).then(
      () => true,
      () => false,
    ));
  const syntax = isOneQuery ? await serialize(opened, fixed) : undefined;
  if (syntax === undefined) throw fault("DATAPY_SANDBOX_SQL", { detail: "it is not one SELECT" });
  return { syntax, dynamicPivot: true };
}

/** `undefined` for what is not exactly one query. */
async function serialize({ connection }: DataConnection, text: string): Promise<unknown> {
  const statement = await connection.prepare(
    "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)",
  );
  try {
    statement.bindVarchar(1, text);
    const [[json] = []] = await (await statement.run()).getRows();
    const tree = JSON.parse(String(json)) as { error: boolean; statements?: readonly { readonly node: unknown }[] };
    return tree.error || tree.statements?.length !== 1 ? undefined : tree.statements[0]?.node;
  } finally {
    statement.destroySync();
  }
}

function withoutLastSemicolons(text: string): string {
  let result = text;
  for (const token of sqlTokens(text).reverse()) {
    if (token.text !== ";") break;
    result = `${result.slice(0, token.start)} ${result.slice(token.end)}`;
  }
  return result;
}

/** The error of a text that DuckDB does not take: a misspelt column with the columns that there are. */
function refused(
  text: string,
  cause: unknown,
  { linesBefore = 1, tables = {} }: { linesBefore?: number; tables?: Readonly<Record<string, readonly Column[]>> },
): Error {
  const { detail, column, candidates } = explainSql(renumbered(text, linesBefore));
  if (column === undefined)
    return fault("DATAPY_SANDBOX_SQL", { detail }, { cause, ...(detail.includes("LINE ") ? { hint: CORRECT } : {}) });
  const names = Object.values(tables).flatMap((one) => one.map(({ name }) => name));
  const near = suggestColumn(column, [...candidates, ...names]);
  const hint = [near, ...Object.entries(tables).map(describeTable)].filter((part) => part !== undefined).join(" ");
  return fault("DATAPY_SANDBOX_SQL", { detail }, { cause, hint });
}

/** A refusal with the place in the text that it is about. */
function positioned(error: unknown, text: string): unknown {
  if (!isDatapyError(error) || error.code !== "DATAPY_SANDBOX_SQL") return error;
  const position = caretPosition(error.message, text);
  return position === undefined ? error : restate(error, { position });
}

const CORRECT = "Correct the SQL at the place that the caret points at.";
const SHOWN_COLUMNS = 20;

function describeTable([table, columns]: readonly [string, readonly Column[]]): string {
  const names = columns.slice(0, SHOWN_COLUMNS).map(({ name }) => name);
  const more = columns.length > SHOWN_COLUMNS ? `, … (${String(columns.length)} in all)` : "";
  return `The table ${table} has ${names.join(", ")}${more}.`;
}

/** A text that was given as a parameter and is no value of the type that the SQL asks for. */
function parameterFault(error: unknown, given: SandboxParameters): Error | undefined {
  const [, text, type] = /Could not convert string '(.*?)' to ([A-Z0-9(),]+)/s.exec(errorText(error)) ?? [];
  if (text === undefined || type === undefined) return undefined;
  const values: readonly unknown[] = Object.values(given);
  const name = namesOf(given)[values.indexOf(text)];
  if (name === undefined) return undefined;
  return fault(
    "DATAPY_SANDBOX_PARAMETER",
    { detail: `the value of ${name} is the text ${JSON.stringify(text)}, where ${type} is needed` },
    { cause: error, hint: "Correct the value, or compare it with a column of its type." },
  );
}

/** An error whose line is the user's: in the statement it stands one line further down. */
function shifted(error: unknown): Error {
  return new Error(renumbered(errorText(error), 1), { cause: error });
}

function renumbered(text: string, linesBefore: number): string {
  return text.replace(/^LINE (\d+): (.*)\n( *)\^/m, (_, line: string, shown: string, blanks: string) => {
    const label = `LINE ${String(Number(line) - linesBefore)}: `;
    return `${label}${shown}\n${" ".repeat(blanks.length + label.length - `LINE ${line}: `.length)}^`;
  });
}
