// The least that is a mod: no artifacts, no parameters, run() not asynchronous.
import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "smallest", version: "1.0.0", description: "Does nothing" },
  params: Type.Object({}),
  run: (_params, ctx) => ctx.result.success(),
});
