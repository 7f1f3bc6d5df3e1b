import type { DatabaseConnection } from "./dialect.js";

/** Connections that are opened when they are needed, kept while they are, and never more than `size`. */
export class ConnectionPool {
  private readonly idle: DatabaseConnection[] = [];
  private readonly waiting: ((connection: DatabaseConnection | Promise<DatabaseConnection>) => void)[] = [];
  private readonly all = new Set<DatabaseConnection>();
  private opened = 0;

  constructor(
    private readonly open: () => Promise<DatabaseConnection>,
    readonly size: number,
  ) {}

  /** A connection of one's own until it is released; waits while all are in use. */
  async acquire(): Promise<DatabaseConnection> {
    const ready = this.idle.pop();
    if (ready !== undefined) return ready;
    if (this.opened < this.size) return this.openOne();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Gives a connection back. A broken one is closed, and replaced for whoever waits. */
  async release(connection: DatabaseConnection, broken = false): Promise<void> {
    if (broken) {
      this.all.delete(connection);
      this.opened -= 1;
      await connection.close();
      const next = this.waiting.shift();
      if (next !== undefined) next(this.openOne());
      return;
    }
    const next = this.waiting.shift();
    if (next === undefined) this.idle.push(connection);
    else next(connection);
  }

  /** Closes every connection, also those in use. Never throws. */
  async close(): Promise<void> {
    await Promise.all([...this.all].map((connection) => connection.close()));
    this.all.clear();
    this.idle.length = 0;
  }

  private async openOne(): Promise<DatabaseConnection> {
    this.opened += 1;
    try {
      const connection = await this.open();
      this.all.add(connection);
      return connection;
    } catch (error) {
      this.opened -= 1;
      // Who waits for this place would wait for ever.
      const next = this.waiting.shift();
      if (next !== undefined) next(this.openOne());
      throw error;
    }
  }
}
