import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  // error TS2353: 'licence'
  metadata: { name: "wrong", version: "1.0.0", description: "Key", licence: "MIT" },
  params: Type.Object({}),
  run: (_params, ctx) => ctx.result.success(),
});
