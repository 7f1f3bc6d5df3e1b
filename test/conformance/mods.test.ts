import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { testMod } from "@datapy/mod-testkit";

// Every mod of this repository by itself: a new one is tested from its first commit on. Samples are run by each package's own tests.
const plugins = path.join(__dirname, "..", "..", "plugins");
for (const name of readdirSync(plugins).sort()) {
  if (existsSync(path.join(plugins, name, "package.json"))) testMod(path.join(plugins, name), { samples: false });
}
