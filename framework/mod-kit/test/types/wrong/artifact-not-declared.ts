import { defineMod, sql, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Writes what it does not declare" },
  params: Type.Object({}),
  artifacts: { output_data: { kind: "table", description: "Rows" } },
  async run(_params, ctx) {
    // error TS2345: '"output_date"'
    await ctx.data.writeTable("output_date", sql`select 1`);
    return ctx.result.success();
  },
});
