import { Type, defineMod } from "@datapy/mod-kit";
import { checkDefinition } from "../../src/contract/check-definition.js";

const faultsOf = (params: ReturnType<typeof Type.Object>) =>
  checkDefinition(
    defineMod({
      metadata: { name: "m", version: "1.0.0", description: "A mod" },
      params,
      run: (_params, ctx) => ctx.result.success(),
    }),
    { what: "m", key: undefined, thorough: true },
  ).map((one) => one.code);

test("a default is held against its schema with the defaults inside of it, as a run has them", () => {
  const inner = Type.Object({ max: Type.Integer({ default: 1 }), wait: Type.Optional(Type.String()) }, { default: {} });
  expect(faultsOf(Type.Object({ retries: inner }))).toEqual([]);
  const wrong = Type.Object({ max: Type.Integer({ default: "many" }) }, { default: {} });
  expect(faultsOf(Type.Object({ retries: wrong }))).toEqual(["DATAPY_DEFAULT_INVALID"]);
  const lacking = Type.Object({ max: Type.Integer() }, { default: {} });
  expect(faultsOf(Type.Object({ retries: lacking }))).toEqual(["DATAPY_DEFAULT_INVALID"]);
});
