// `npm test [-- jest arguments]`: installs if needed, builds, runs every test. The first command after a clone. With --services the suites of
// the databases also run against servers that npm cannot bring (scripts/services.sh installs them).
import path from "node:path";
import { CommandFailed, ScriptError, root, run } from "./workspace.mjs";
import { prepare } from "./prepare.mjs";

const given = process.argv.slice(2);
const services = given.includes("--services");

try {
  await prepare();
  // import() inside a test needs the flag. Given to node itself, not through NODE_OPTIONS, it does not reach what tests start.
  const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
  const jest = path.join(root, "node_modules/jest/bin/jest.js");
  const env = services ? { ...process.env, DATAPY_TEST_SERVICES: "1" } : process.env;
  run("node", [...flags, jest, ...given.filter((one) => one !== "--services")], { stdio: "inherit", env });
} catch (error) {
  if (!(error instanceof ScriptError)) throw error;
  // jest and npm have said themselves what is wrong.
  if (!(error instanceof CommandFailed)) process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
