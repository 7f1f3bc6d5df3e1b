import { DatapyError, defineMod, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Makes up exit codes" },
  params: Type.Object({}),
  run(_params, ctx) {
    // error TS2322: '1' is not assignable
    if (ctx.signal.aborted) throw new DatapyError({ code: "WRONG_CODE", message: "no", exitCode: 1 });
    // error TS2345: '10' is not assignable
    return ctx.result.error(10);
  },
});
