import { defineMod, sql, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Writes a file as a table, and a table as a file" },
  params: Type.Object({}),
  artifacts: {
    output_data: { kind: "table", description: "Rows" },
    report: { kind: "file", description: "Page" },
  },
  async run(_params, ctx) {
    // error TS2345: '"report"'
    await ctx.data.writeTable("report", sql`select 1`);
    // error TS2345: '"output_data"'
    await ctx.artifacts.createFile("output_data", ".html");
    return ctx.result.success();
  },
});
