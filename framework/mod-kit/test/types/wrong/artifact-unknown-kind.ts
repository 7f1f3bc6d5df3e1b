import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "An artifact of no known kind" },
  params: Type.Object({}),
  // error TS2322: "dataframe"
  artifacts: { output_data: { kind: "dataframe", description: "Rows" } },
  run: (_params, ctx) => ctx.result.success(),
});
