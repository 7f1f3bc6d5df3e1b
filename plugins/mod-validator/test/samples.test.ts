import path from "node:path";
import { testTableSamples } from "../../../test/support/table-samples.js";

testTableSamples(path.join(__dirname, ".."));
