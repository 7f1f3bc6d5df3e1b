import { defineMod, Duration, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Uses parameters as what they are not" },
  params: Type.Object({ limit: Type.Integer(), wait: Duration(), note: Type.Optional(Type.String()) }),
  run(params, ctx) {
    // error TS2345: 'number'
    ctx.log.info(params.limit);
    // error TS2345: 'undefined'
    ctx.log.info(params.note);
    // error TS2339: 'endsWith' does not exist on type 'number'
    params.wait.endsWith("s");
    // error TS2551: 'limits' does not exist
    ctx.log.info(params.limits);
    return ctx.result.success();
  },
});
