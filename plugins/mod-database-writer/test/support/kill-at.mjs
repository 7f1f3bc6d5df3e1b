// Imported by a loader's process before it loads: ends the process with SIGKILL right before the statement number KILL_AT that changes
// something in the database; with KILL_COUNT, writes those statements into that file.
import { appendFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const at = Number(process.env.KILL_AT ?? 0);
let count = 0;

function statement(given) {
  const text = typeof given === "string" ? given : (given?.text ?? given?.sql);
  if (typeof text !== "string" || /^\s*(?:load|describe|select|from|copy \(|set |use |attach|pragma)/i.test(text))
    return;
  count += 1;
  if (process.env.KILL_COUNT) appendFileSync(process.env.KILL_COUNT, `${text.replace(/\s+/g, " ").slice(0, 100)}\n`);
  if (count === at) process.kill(process.pid, "SIGKILL");
}

function wrap(prototype, ...names) {
  for (const name of names) {
    const original = prototype[name];
    prototype[name] = function (given, ...rest) {
      statement(given);
      return original.call(this, given, ...rest);
    };
  }
}

if (process.env.KILL_COUNT) writeFileSync(process.env.KILL_COUNT, "");
switch (process.env.KILL_DRIVER) {
  case "postgresql":
    wrap((await import("pg")).default.Client.prototype, "query");
    break;
  case "sqlite": {
    // The driver's methods cannot be replaced; its native binding, which the driver takes its class from when it is loaded, can.
    const require = createRequire(import.meta.url);
    const folder = path.join(path.dirname(require.resolve("@photostructure/sqlite")), "..");
    const binding = createRequire(path.join(folder, "package.json"))("node-gyp-build")(folder);
    const { DatabaseSync } = binding;
    const Watched = class extends DatabaseSync {
      prepare(text, ...rest) {
        statement(text);
        return super.prepare(text, ...rest);
      }
      exec(text) {
        statement(text);
        return super.exec(text);
      }
    };
    Object.defineProperty(binding, "DatabaseSync", { value: Watched, configurable: true });
    break;
  }
  case "duckdb":
    wrap((await import("@duckdb/node-api")).DuckDBConnection.prototype, "run", "runAndReadAll");
    break;
  default:
    wrap((await import("mysql2")).default.Connection.prototype, "query");
}
