import type { ModContext } from "@datapy/mod-kit";
import { databaseFault, describeTarget, openConnection } from "@datapy/database";
import { targetOf, tablePath } from "./load-target.js";
import type { WriterParams } from "./parameters.js";

/** Whether the database can be reached and, when the mod may not create it, the table is there. */
export async function checkTarget(params: WriterParams, ctx: ModContext): Promise<void> {
  const target = targetOf(params);
  const connection = await openConnection(target, ctx, { maxRetries: 0 });
  try {
    if (params.create_table) return;
    if ((await connection.describeTable(tablePath(params))) === undefined) {
      throw databaseFault("DATABASE_TABLE_MISSING", { database: describeTarget(target), table: params.table_name });
    }
  } finally {
    await connection.close();
  }
}
