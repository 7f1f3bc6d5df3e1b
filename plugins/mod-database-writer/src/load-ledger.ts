import { ident, join, raw, sql } from "@datapy/mod-kit";
import type { ModContext, Sql } from "@datapy/mod-kit";
import { databaseFault } from "@datapy/database";
import type { DatabaseConnection } from "@datapy/database";
import { comparableWith } from "./load-checksum.js";
import type { LoadInput } from "./load-input.js";
import { tablePath, tableTitle } from "./load-target.js";
import type { WriterParams } from "./parameters.js";

/** What a finished load left in the ledger. */
export interface LedgerEntry {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly rowsRejected: number;
  readonly runId: string;
  /** Whether the load's content is known to be the input's; otherwise only the number of rows is. */
  readonly isSameContent: boolean;
}

/** Not in the ledgers of earlier versions. */
const CHECKSUM = "content_checksum";

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
  [CHECKSUM, "VARCHAR"],
] as const;

/**
 * The table that says which loads are in. A load's row is written in the load's own transaction, so that one is never there without the
 * other; it is written first, so that a second run of the same load waits for the first and then finds it done.
 */
export class LoadLedger {
  readonly loadId: string;
  private hasChecksums = true;

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

  /** Makes the table, or its column that earlier versions did not have, in a transaction of its own. */
  async prepare(): Promise<void> {
    const columns = await this.columns();
    if (columns === undefined) await this.create();
    else if (!columns.has(CHECKSUM)) await this.addChecksums();
  }

  private async columns(): Promise<ReadonlySet<string> | undefined> {
    const table = await this.connection.describeTable(this.path);
    return table === undefined ? undefined : new Set(table.columns.map(({ name }) => name));
  }

  private async create(): Promise<void> {
    const { dialect } = this.connection;
    const definitions = COLUMNS.map(([name, type], index) =>
      index < 2
        ? sql`${ident(name)} ${raw(dialect.keyType(type))} not null`
        : sql`${ident(name)} ${raw(dialect.columnType(type))}`,
    );
    try {
      await this.connection.execute(
        sql`create table ${this.connection.table(this.path)} (${join(definitions)}, primary key (load_id, table_name))`,
        "creating the load ledger",
      );
    } catch (error) {
      // Another loader may have made it in the same moment.
      if ((await this.columns()) === undefined) throw error;
    }
  }

  private async addChecksums(): Promise<void> {
    try {
      await this.connection.execute(
        sql`alter table ${this.connection.table(this.path)} add column ${ident(CHECKSUM)} ${raw(this.connection.dialect.columnType("VARCHAR"))}`,
        "adding a column to the load ledger",
      );
    } catch (error) {
      // Another loader may have added it in the same moment; or the ledger belongs to somebody else.
      this.hasChecksums = (await this.columns())?.has(CHECKSUM) ?? false;
      if (this.hasChecksums) return;
      this.ctx.log.warn(
        `${this.params.ledger_table} has no column ${CHECKSUM} and it cannot be added; loads are told apart by their number of rows only`,
        { reason: error instanceof Error ? error.message : String(error) },
      );
    }
  }

  /**
   * The load of this id, when it is in.
   *
   * @throws DatapyError `DATABASE_LOAD_ID_REUSED` when it was another load than this one
   */
  async find(input: LoadInput): Promise<LedgerEntry | undefined> {
    const [row] = await this.connection.query<{
      run_id: string;
      write_mode: string;
      rows_read: string;
      rows_written: string;
      rows_rejected: string;
      content_checksum?: string | null;
    }>(
      sql`select ${join(this.names())} from ${this.connection.table(this.path)} where ${this.key}`,
      "looking into the load ledger",
    );
    if (row === undefined) return undefined;
    const noted = row[CHECKSUM] ?? undefined;
    const isComparable = noted !== undefined && comparableWith(noted, input.checksum);
    const entry = {
      runId: row.run_id,
      rowsRead: Number(row.rows_read),
      rowsWritten: Number(row.rows_written),
      rowsRejected: Number(row.rows_rejected),
      isSameContent: isComparable && noted === input.checksum,
    };
    const reused = (difference: string): Error =>
      databaseFault("DATABASE_LOAD_ID_REUSED", { load_id: this.loadId, table: tableTitle(this.params), difference });
    if (row.write_mode !== this.params.write_mode)
      throw reused(`with write_mode ${row.write_mode}, and now it is ${this.params.write_mode}`);
    if (entry.rowsRead !== input.rows)
      throw reused(`with other data (${String(entry.rowsRead)} rows then, ${String(input.rows)} now)`);
    if (isComparable && !entry.isSameContent)
      throw reused(`with other data (${String(input.rows)} rows both times, but other values, columns or keys)`);
    return entry;
  }

  private names(): Sql[] {
    return COLUMNS.filter(([name]) => name !== CHECKSUM || this.hasChecksums).map(([name]) => ident(name));
  }

  /** Notes the load that begins. */
  async start(input: LoadInput): Promise<void> {
    const checksum = this.hasChecksums ? sql`, ${input.checksum}` : sql``;
    await this.connection.execute(
      sql`insert into ${this.connection.table(this.path)} (${join(this.names())}) values (${this.loadId}, ${this.params.table_name}, ${this.ctx.runId}, ${this.ctx.sessionId},
        ${this.params.write_mode}, ${input.rows}, 0, 0, ${this.connection.dialect.timestamp(new Date().toISOString())}${checksum})`,
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
