import { ident, raw, sql } from "@datapy/mod-kit";
import type { Sql } from "@datapy/mod-kit";
import type { DatabaseConnection, DatabaseTable } from "@datapy/database";
import type { Applied, Apply, Staged } from "./apply-rows.js";
import type { RejectedRows } from "./load-input.js";
import type { LoadPlan } from "./load-plan.js";

interface Reject {
  readonly number: bigint;
  readonly code: string;
  readonly reason: string;
}

/** Everything that {@link applyTolerantly} works on. */
export interface Tolerant {
  readonly connection: DatabaseConnection;
  readonly plan: LoadPlan;
  readonly staged: Staged;
  readonly apply: Apply;
  readonly rejected: RejectedRows;
  readonly rows: number;
  readonly batchSize: number;
  readonly onProgress: (rows: number) => void;
}

/** Rows whose values the target would keep as others; asked of the database, since it alone knows what it would make of them. */
export async function findChanged(
  { connection, plan, staged }: Pick<Tolerant, "connection" | "plan" | "staged">,
  where: Sql,
): Promise<Reject[]> {
  const found: Reject[] = [];
  const seen = new Set<bigint>();
  for (const column of plan.columns) {
    if (column.fit !== "lossy") continue;
    const changes = connection.dialect.changes(sql`s.${ident(column.source)}`, column.duckType, column.target);
    const rows = await connection.query<{ number: string | bigint }>(
      sql`select s.${ident(staged.rowNumber)} as ${ident("number")} from ${staged.table} as s where ${where} and (${changes})`,
      `comparing column ${column.source}`,
    );
    for (const { number } of rows) {
      const row = BigInt(number);
      if (seen.has(row)) continue;
      seen.add(row);
      found.push({
        number: row,
        code: "changed",
        reason: `column ${column.source}: the value would be changed by type ${column.target.type}`,
      });
    }
  }
  return found;
}

/**
 * Applies the staged rows and sets aside those that the database refuses. All are tried at once first; when that fails they are tried in
 * batches, and a batch that fails is halved until the bad row stands alone (so one bad row costs about log2(batch) statements).
 */
export async function applyTolerantly(work: Tolerant): Promise<Applied> {
  const { rows, batchSize } = work;
  const total = { rows: 0, deleted: 0, inserted: 0 };
  const add = (applied: Applied): void => {
    total.rows += applied.rows;
    total.deleted += applied.deleted;
    total.inserted += applied.inserted ?? 0;
  };
  const whole = await attemptRange(work, 1, rows);
  if (whole !== undefined) return whole;
  for (let first = 1; first <= rows; first += batchSize) {
    await narrow(work, first, Math.min(rows, first + batchSize - 1), add);
    work.onProgress(Math.min(rows, first + batchSize - 1));
  }
  return total;
}

async function narrow(work: Tolerant, first: number, last: number, add: (applied: Applied) => void): Promise<void> {
  const applied = await attemptRange(work, first, last);
  if (applied !== undefined) {
    add(applied);
    return;
  }
  const middle = Math.floor((first + last) / 2);
  await narrow(work, first, middle, add);
  await narrow(work, middle + 1, last, add);
}

/** `undefined` when the range holds a bad row beside others. */
async function attemptRange(work: Tolerant, first: number, last: number): Promise<Applied | undefined> {
  const { connection, staged, apply, rejected } = work;
  const number = sql`s.${ident(staged.rowNumber)}`;
  const where = sql`${number} between ${raw(String(first))} and ${raw(String(last))}`;
  try {
    const { applied, changed } = await connection.attempt(async () => {
      const found = await findChanged(work, where);
      await removeStaged(connection, staged, found);
      return { changed: found, applied: await apply(where) };
    });
    await rejected.add(changed);
    return applied;
  } catch (error) {
    const bad = connection.rowError(error);
    if (bad === undefined) throw error;
    if (first < last) return undefined;
    await removeStaged(connection, staged, [{ number: BigInt(first), ...bad }]);
    await rejected.add([{ number: BigInt(first), ...bad }]);
    return { rows: 0, deleted: 0, inserted: 0 };
  }
}

async function removeStaged(connection: DatabaseConnection, staged: Staged, rows: readonly Reject[]): Promise<void> {
  for (let index = 0; index < rows.length; index += 1000) {
    const numbers = rows.slice(index, index + 1000).map((row) => row.number.toString());
    await connection.execute(
      sql`delete from ${staged.table} where ${ident(staged.rowNumber)} in (${raw(numbers.join(", "))})`,
      "setting rows aside",
    );
  }
}

/**
 * The same for a database without savepoints: what it would refuse is looked for beforehand, by asking it. Conditions of `CHECK` and
 * foreign keys are not foreseen; a row that breaks one fails the load.
 */
export async function removeForeseen(
  work: Pick<Tolerant, "connection" | "plan" | "staged" | "rejected">,
  target: Sql,
  table: DatabaseTable | undefined,
  appends: boolean,
): Promise<void> {
  const { connection, plan, staged, rejected } = work;
  const everywhere = sql`true`;
  const number = sql`s.${ident(staged.rowNumber)}`;
  const take = async (rows: readonly Reject[]): Promise<void> => {
    await removeStaged(connection, staged, rows);
    await rejected.add(rows);
  };
  const select = async (condition: Sql, code: string, reason: string): Promise<void> => {
    const rows = await connection.query<{ number: bigint }>(
      sql`select ${number} as number from ${staged.table} as s where ${condition}`,
      "looking for bad rows",
    );
    await take(rows.map((row) => ({ number: row.number, code, reason })));
  };
  for (const column of plan.columns) {
    if (column.fit === "exact") continue;
    const changes = connection.dialect.changes(sql`s.${ident(column.source)}`, column.duckType, column.target);
    await select(changes, "conversion", `column ${column.source}: the value does not fit type ${column.target.type}`);
  }
  await take(await findChanged(work, everywhere));
  for (const column of plan.columns) {
    if (!column.target.nullable)
      await select(sql`s.${ident(column.source)} is null`, "not_null", `column ${column.source} must not be NULL`);
  }
  if (!appends || table === undefined) return;
  for (const key of table.uniqueKeys) {
    const sources = key.map((name) => plan.columns.find((column) => column.target.name === name));
    if (sources.some((source) => source === undefined)) continue;
    const pairs = sources.map((source) => ({
      name: source?.target.name ?? "",
      value: connection.dialect.assign(
        sql`s.${ident(source?.source ?? "")}`,
        source?.duckType ?? "",
        source?.target as never,
      ),
    }));
    const same = pairs
      .map(({ name, value }) => sql`t.${ident(name)} = ${value}`)
      .reduce((all, one) => sql`${all} and ${one}`);
    await select(
      sql`exists (select 1 from ${target} as t where ${same})`,
      "unique",
      `key ${key.join(", ")} is in the table already`,
    );
    const first = sql`(select min(o.${ident(staged.rowNumber)}) from ${staged.table} as o where ${sources.map((source) => sql`o.${ident(source?.source ?? "")} = s.${ident(source?.source ?? "")}`).reduce((all, one) => sql`${all} and ${one}`)})`;
    await select(sql`${number} > ${first}`, "unique", `key ${key.join(", ")} is twice in the input`);
  }
}
