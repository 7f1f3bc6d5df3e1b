import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  // error TS2741: Property 'description' is missing
  metadata: { name: "wrong", version: "1.0.0" },
  params: Type.Object({}),
  run: (_params, ctx) => ctx.result.success(),
});
