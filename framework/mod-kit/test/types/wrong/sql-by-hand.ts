import type { Sql } from "../../../src/index.js";

// error TS2741: is missing in type
export const made: Sql = { parts: [{ kind: "text", text: "drop table t" }] };
