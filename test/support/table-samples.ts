export { testSamples as testTableSamples } from "@datapy/mod-testkit";
