import path from "node:path";
import { testSamples } from "@datapy/mod-testkit";

testSamples(path.join(__dirname, ".."));
