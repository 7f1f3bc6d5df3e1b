import { defineMod, Type } from "../../../src/index.js";

export default defineMod({
  metadata: { name: "wrong", version: "1.0.0", description: "Returns something else" },
  params: Type.Object({}),
  // error TS2322: is not assignable
  run: () => ({ status: "success", rows: 3 }),
});
