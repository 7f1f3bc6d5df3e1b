import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Returns nothing" },
  params: Type.Object({}),
  // error TS2322: 'void' is not assignable
  run(_params, ctx) {
    ctx.result.success();
  },
});
