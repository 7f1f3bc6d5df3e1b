import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Parameters that are not an object" },
  // error TS2739: 'TString'
  params: Type.String(),
  run: (_params, ctx) => ctx.result.success(),
});
