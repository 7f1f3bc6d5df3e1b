import { defineMod, sql, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Writes and declares nothing" },
  params: Type.Object({}),
  async run(_params, ctx) {
    // error TS2345: 'never'
    await ctx.data.writeTable("output_data", sql`select 1`);
    return ctx.result.success();
  },
});
