import { defineMod, sql, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Splices SQL, and binds what cannot be bound" },
  params: Type.Object({ name: Type.String() }),
  async run(params, ctx) {
    // error TS2345: 'string'
    await ctx.data.execute(`delete from t where name = '${params.name}'`);
    // error TS2345: 'Date'
    await ctx.data.execute(sql`delete from t where at < ${new Date()}`);
    // error TS2345: 'undefined'
    await ctx.data.execute(sql`delete from t where name = ${undefined}`);
    return ctx.result.success();
  },
});
