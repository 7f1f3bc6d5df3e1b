import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  // error TS2741: Property 'version' is missing
  metadata: { name: "wrong", description: "No version" },
  params: Type.Object({}),
  run: (_params, ctx) => ctx.result.success(),
});
