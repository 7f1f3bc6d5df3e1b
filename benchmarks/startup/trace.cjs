// Preloaded into every process of a traced command: writes what the process had loaded when it ended, or had sent its result (the
// runner is ended by its parent then).
const { writeFileSync } = require("node:fs");
const path = require("node:path");

function write() {
  const files = Object.keys(require.cache).filter((file) => file !== __filename);
  const libraries = process.report.getReport().sharedObjects;
  const report = { script: process.argv[1], files, libraries };
  writeFileSync(path.join(process.env.DATAPY_BENCH_TRACE, `${process.pid}.json`), JSON.stringify(report));
}

process.on("exit", write);
if (process.send !== undefined) {
  const send = process.send.bind(process);
  process.send = (message, ...rest) => {
    if (message?.kind === "result") write();
    return send(message, ...rest);
  };
}
