import { defineMod } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Parameters that are no schema" },
  // error TS2740: '{ input_path: string; }'
  params: { input_path: "string" },
  run: (_params, ctx) => ctx.result.success(),
});
