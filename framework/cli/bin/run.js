#!/usr/bin/env node
"use strict";

const { existsSync } = require("node:fs");
const path = require("node:path");

function start(argv) {
  // Node 22 keeps compiled code between runs.
  require("node:module").enableCompileCache?.();
  // The process that will run the mod boots while this one loads oclif and reads the command line.
  require("../dist/run/early-runner.js").startEarly(argv);
  void require("../dist/main.js").main(argv);
}

try {
  start(process.argv.slice(2));
} catch (error) {
  const built = existsSync(path.join(__dirname, "../dist/main.js"));
  const advice = built ? error.stack : "it is not built; run `npm run build` in the repository";
  process.stderr.write(`datapy cannot start: ${advice}\n`);
  // A runner may have been started, which would keep this process.
  // eslint-disable-next-line no-restricted-properties -- so it is ended, and what was written is small
  process.exit(30);
}
