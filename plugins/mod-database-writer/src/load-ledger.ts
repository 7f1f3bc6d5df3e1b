import { ident, raw, sql } from "@datapy/mod-kit";
import type { ModContext, Sql } from "@datapy/mod-kit";
import { databaseFault } from "@datapy/database";
import type { DatabaseConnection } from "@datapy/database";
import type { LoadInput } from "./load-input.js";
import { tablePath, tableTitle } from "./load-target.js";
import type { WriterParams } from "./parameters.js";

/** What a finished load left in the ledger. */
export interface LedgerEntry {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly rowsRejected: number;
  readonly runId: string;
}

const COLUMNS = [
  ["load_id", "VARCHAR"],
  ["table_name", "VARCHAR"],
  ["run_id", "VARCHAR"],
  ["session_id", "VARCHAR"],
  ["write_mode", "VARCHAR"],
  ["rows_read", "BIGINT"],
  ["rows_written", "BIGINT"],
  ["rows_rejected", "BIGINT"],
  ["loaded_at", "TIMESTAMP WITH TIME ZONE"],
] as const;

/**
 * The table that says which loads are in. A load's row is written in the load's own transaction, so that one is never there without the
 * other; it is written first, so that a second run of the same load waits for the first and then finds it done.
 */
export class LoadLedger {
  readonly loadId: string;

  constructor(
    private readonly connection: DatabaseConnection,
    private readonly params: WriterParams,
    private readonly ctx: ModContext,
  ) {
    this.loadId = params.load_id ?? ctx.runId;
  }

  private get path(): { readonly name: string; readonly schema?: string } {
    return { ...tablePath(this.params), name: this.params.ledger_table };
  }

  private get key(): Sql {
    return sql`load_id = ${this.loadId} and table_name = ${this.params.table_name}`;
  }

  /** Makes the table when it is missing, in a transaction of its own. */
  async prepare(): Promise<void> {
    if ((await this.connection.describeTable(this.path)) !== undefined) return;
    const { dialect } = this.connection;
    const definitions = COLUMNS.map(([name, type], index) =>
      index < 2
        ? sql`${ident(name)} ${raw(dialect.keyType(type))} not null`
        : sql`${ident(name)} ${raw(dialect.columnType(type))}`,
    ).reduce((all, one) => sql`${all}, ${one}`);
    try {
      await this.connection.execute(
        sql`create table ${this.connection.table(this.path)} (${definitions}, primary key (load_id, table_name))`,
        "creating the load ledger",
      );
    } catch (error) {
      // Another loader may have made it in the same moment.
      if ((await this.connection.describeTable(this.path)) === undefined) throw error;
    }
  }

  /** The load of this id, when it is in. */
  async find(input: LoadInput): Promise<LedgerEntry | undefined> {
    const [row] = await this.connection.query<{
      run_id: string;
      rows_read: string;
      rows_written: string;
      rows_rejected: string;
    }>(
      sql`select run_id, rows_read, rows_written, rows_rejected from ${this.connection.table(this.path)} where ${this.key}`,
      "looking into the load ledger",
    );
    if (row === undefined) return undefined;
    const entry = {
      runId: row.run_id,
      rowsRead: Number(row.rows_read),
      rowsWritten: Number(row.rows_written),
      rowsRejected: Number(row.rows_rejected),
    };
    if (entry.rowsRead !== input.rows) {
      throw databaseFault("DATABASE_LOAD_ID_REUSED", {
        load_id: this.loadId,
        table: tableTitle(this.params),
        before: entry.rowsRead,
        now: input.rows,
      });
    }
    return entry;
  }

  /** Notes the load that begins. */
  async start(input: LoadInput): Promise<void> {
    const names = COLUMNS.map(([name]) => ident(name)).reduce((all, one) => sql`${all}, ${one}`);
    await this.connection.execute(
      sql`insert into ${this.connection.table(this.path)} (${names}) values (${this.loadId}, ${this.params.table_name}, ${this.ctx.runId}, ${this.ctx.sessionId},
        ${this.params.write_mode}, ${input.rows}, 0, 0, ${this.connection.dialect.timestamp(new Date().toISOString())})`,
      "writing the load ledger",
    );
  }

  async finish(written: number, rejected: number): Promise<void> {
    await this.connection.execute(
      sql`update ${this.connection.table(this.path)} set rows_written = ${written}, rows_rejected = ${rejected} where ${this.key}`,
      "writing the load ledger",
    );
  }
}
