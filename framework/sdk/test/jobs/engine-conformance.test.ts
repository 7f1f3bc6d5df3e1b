import { engineConformance, localEngine } from "@datapy/sdk/jobs";

describe("the local engine", () => {
  for (const check of engineConformance(() => localEngine)) it(check.title, () => check.run());
});

describe("the local engine, in processes of their own", () => {
  for (const check of engineConformance(() => localEngine, { isolate: true })) it(check.title, () => check.run());
});
