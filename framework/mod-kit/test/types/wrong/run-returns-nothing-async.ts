import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Returns nothing" },
  params: Type.Object({}),
  // error TS2322: 'Promise<void>' is not assignable
  async run(_params, ctx) {
    await ctx.data.execute;
  },
});
