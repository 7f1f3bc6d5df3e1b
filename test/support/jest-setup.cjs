// Runs before each test file. Tests never see the mods, the settings or the colours of the person who runs them.
const { mkdtempSync, rmSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const nodeOptions = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(" ")];
if (!nodeOptions.includes("--experimental-vm-modules")) {
  throw new Error(
    "Run the tests with `npm test`, or set NODE_OPTIONS=--experimental-vm-modules: without it import() fails in a test, and oclif says nothing.",
  );
}

const dataDir = mkdtempSync(path.join(os.tmpdir(), "datapy-test-data-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));
process.env.DATAPY_DATA_DIR = dataDir;
process.env.NO_COLOR = "1";
delete process.env.FORCE_COLOR;
for (const name of ["DATAPY_ENV", "DATAPY_OPENLINEAGE_URL", "DATAPY_LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT"])
  delete process.env[name];
