import { defineMod } from "../../../src/index.js";

// error TS2345: Property 'params' is missing
export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "No parameters" },
  run: (_params, ctx) => ctx.result.success(),
});
