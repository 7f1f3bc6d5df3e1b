import { defineMod, Type } from "../../../src/index.js";

// error TS2345: Property 'run' is missing
export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "No run" },
  params: Type.Object({}),
});
