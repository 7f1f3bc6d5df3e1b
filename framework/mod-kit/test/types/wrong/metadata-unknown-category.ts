import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  // error TS2322: "extractor"
  metadata: { name: "wrong", version: "1.0.0", description: "Category", category: "extractor" },
  params: Type.Object({}),
  run: (_params, ctx) => ctx.result.success(),
});
