import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Writes where it may only read" },
  params: Type.Object({}),
  run(_params, ctx) {
    // error TS2542: only permits reading
    ctx.globals["batch"] = 1;
    // error TS2540: read-only
    ctx.runId = "mine";
    return ctx.result.success();
  },
});
