import { DuckDBInstance } from "@duckdb/node-api";
import { load } from "js-yaml";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Envelope } from "@datapy/mod-kit";
import { runMod, setGlobalConfig } from "@datapy/sdk";

/** What a sample expects. Texts of digits equal numbers, since DuckDB gives 64-bit numbers as text. */
interface Expected {
  readonly status: Envelope["status"];
  readonly exit_code?: number;
  /** Text that the errors hold. */
  readonly error?: string;
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly unknown[])[];
  readonly quarantine?: readonly (readonly unknown[])[];
  readonly metrics?: Readonly<Record<string, unknown>>;
}

/**
 * Tests a mod that makes a table of a table, a folder a case: `input.sql` makes the table, `params.yaml` holds the parameters, and
 * `expected.json` says what comes out. `other.sql` makes a second table, which the parameters name `OTHER`.
 */
export function testTableSamples(packageRoot: string): void {
  const samples = path.join(packageRoot, "test", "samples");
  let folder: string;
  let database: DuckDBInstance;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), "datapy-samples-"));
    database = await DuckDBInstance.create(":memory:");
    setGlobalConfig({ work_path: folder, log_level: "error" });
  });

  afterAll(() => {
    database.closeSync();
    rmSync(folder, { recursive: true, force: true });
  });

  const make = async (sqlFile: string, parquetFile: string): Promise<void> => {
    const connection = await database.connect();
    await connection.run(`copy (${readFileSync(sqlFile, "utf8")}) to '${parquetFile}' (format parquet)`);
    connection.closeSync();
  };
  const read = async (file: string): Promise<{ columns: string[]; rows: unknown[][] }> => {
    const connection = await database.connect();
    const result = await connection.runAndReadAll(`from read_parquet('${file}')`);
    const found = { columns: result.columnNames(), rows: numbers(result.getRowsJson()) };
    connection.closeSync();
    return found;
  };

  test.each(readdirSync(samples).sort())("%s", async (name) => {
    const at = (file: string): string => path.join(samples, name, file);
    const input = path.join(folder, `${name}.parquet`);
    const other = path.join(folder, `${name}.other.parquet`);
    await make(at("input.sql"), input);
    if (existsSync(at("other.sql"))) await make(at("other.sql"), other);
    const params = load(readFileSync(at("params.yaml"), "utf8").replaceAll("OTHER", other)) as Record<string, unknown>;
    const expected = JSON.parse(readFileSync(at("expected.json"), "utf8")) as Expected;

    const envelope = await runMod(path.join(packageRoot, "dist", "index.js"), { ...params, input_artifact: input });

    expect({ status: envelope.status, errors: envelope.status === "error" ? [] : envelope.errors }).toEqual({
      status: expected.status,
      errors: [],
    });
    if (envelope.status === "error") {
      expect(envelope.exit_code).toBe(expected.exit_code);
      expect(expected.error).toBeDefined();
      expect(envelope.errors.join("\n")).toContain(expected.error);
      return;
    }
    const output = await read(envelope.artifacts["output_data"] ?? "");
    if (expected.columns !== undefined) expect(output.columns).toEqual(expected.columns);
    expect(output.rows).toEqual(numbers(expected.rows ?? []));
    expect(envelope.metrics).toMatchObject({ ...expected.metrics });
    const quarantine = envelope.artifacts["quarantine"];
    expect(quarantine !== undefined).toBe(Number(envelope.metrics["rows_rejected"]) > 0);
    if (expected.quarantine !== undefined)
      expect((await read(quarantine ?? "")).rows).toEqual(numbers(expected.quarantine));
  });
}

function numbers(rows: readonly (readonly unknown[])[]): unknown[][] {
  return rows.map((row) =>
    row.map((value) => (typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value)),
  );
}
