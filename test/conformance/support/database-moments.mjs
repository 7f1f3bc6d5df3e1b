// Loaded into the process of a database mod before the mod: makes moments, at which a suite may end the process, of what the mod asks its
// database driver for. Only functions of the drivers are wrapped; the mods and @datapy/database run as they are.
//
// Moments: `open` before connecting, `batch` with rows on their way (a chunk of COPY or LOAD DATA, some hundred rows of SQLite; DuckDB
// works inside one statement, so there it is some moments into that statement), `before commit`, `after commit`, `before the ledger`, and `before
// <verb>` for every other statement that changes something.
import { createRequire } from "node:module";
import path from "node:path";
import { moment } from "@datapy/mod-testkit/moments";

const ROWS_A_BATCH = 500;
const MILLISECONDS_INTO_A_STATEMENT = 2;
const CHANGES = /^\s*(create|alter|drop|truncate|delete|insert|update|rename|lock|savepoint|merge|copy|load)\b/i;

function before(text) {
  if (/^\s*commit/i.test(text)) return moment("before commit");
  if (/_datapy_loads/.test(text) && /^\s*insert/i.test(text)) return moment("before the ledger");
  const verb = CHANGES.exec(text)?.[1];
  if (verb !== undefined) moment(`before ${verb.toLowerCase()}`);
}

/** What a statement gives, with a moment after it where it commits. */
function after(text, given) {
  if (!/^\s*commit/i.test(text)) return given;
  if (typeof given?.then !== "function") {
    moment("after commit");
    return given;
  }
  return given.then((value) => {
    moment("after commit");
    return value;
  });
}

function everyBatch() {
  let rows = 0;
  return () => {
    rows += 1;
    if (rows % ROWS_A_BATCH === 0) moment("batch");
  };
}

/** Calls `see` before each call of a method of one object. */
function watch(object, name, see) {
  const original = object[name];
  object[name] = function (...given) {
    see(...given);
    return original.apply(this, given);
  };
}

/** An object with the methods of a native one, whose own cannot be replaced. */
function methodsOf(native) {
  const methods = {};
  for (let level = native; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (name !== "constructor" && typeof native[name] === "function") methods[name] ??= native[name].bind(native);
    }
  }
  return methods;
}

async function postgresql() {
  const { Client } = (await import("pg")).default;
  watch(Client.prototype, "connect", () => moment("open"));
  const { query } = Client.prototype;
  Client.prototype.query = function (given, ...rest) {
    const text = typeof given === "string" ? given : (given?.text ?? "");
    before(text);
    // COPY FROM and COPY TO, as objects that the driver hands the wire to.
    if (typeof given?.submit === "function" && typeof given.write === "function")
      watch(given, "write", () => moment("batch"));
    if (typeof given?.submit === "function" && typeof given.push === "function")
      watch(given, "push", (chunk) => chunk !== null && moment("batch"));
    return after(text, query.call(this, given, ...rest));
  };
}

async function sqlite() {
  // The driver's methods cannot be replaced; its native binding, which the driver takes its class from when it is loaded, can.
  const require = createRequire(import.meta.url);
  const folder = path.join(path.dirname(require.resolve("@photostructure/sqlite")), "..");
  const binding = createRequire(path.join(folder, "package.json"))("node-gyp-build")(folder);
  const { DatabaseSync } = binding;
  const Watched = class extends DatabaseSync {
    constructor(...given) {
      moment("open");
      super(...given);
    }
    prepare(text, ...rest) {
      const statement = methodsOf(super.prepare(text, ...rest));
      const { run, iterate } = statement;
      const isLoad = /^\s*insert\b.*\bvalues\b/is.test(text) && !text.includes("_datapy_loads");
      const see = isLoad ? everyBatch() : () => before(text);
      statement.run = (...values) => {
        see();
        return after(text, run(...values));
      };
      statement.iterate = function* (...values) {
        const seeRow = everyBatch();
        for (const row of iterate(...values)) {
          seeRow();
          yield row;
        }
      };
      return statement;
    }
    exec(text) {
      before(text);
      return after(text, super.exec(text));
    }
  };
  Object.defineProperty(binding, "DatabaseSync", { value: Watched, configurable: true });
}

async function duckdb() {
  const { DuckDBConnection } = (await import("@duckdb/node-api")).default;
  for (const name of ["run", "stream", "runAndReadAll"]) {
    const original = DuckDBConnection.prototype[name];
    DuckDBConnection.prototype[name] = function (text, ...rest) {
      if (/^\s*attach (?!':memory:')/i.test(text)) moment("open");
      before(text);
      const running = original.call(this, text, ...rest);
      // It is on its way in a thread of its own now; so the process ends in the middle of it.
      if (/^\s*(insert|copy)\b.*\bselect\b/is.test(text)) {
        const end = performance.now() + MILLISECONDS_INTO_A_STATEMENT;
        while (performance.now() < end);
        moment("batch");
      }
      return after(text, running);
    };
  }
}

async function mariadb() {
  const { Connection } = (await import("mysql2")).default;
  watch(Connection.prototype, "connect", () => moment("open"));
  const { query } = Connection.prototype;
  Connection.prototype.query = function (given, ...rest) {
    const text = typeof given === "string" ? given : (given?.sql ?? "");
    before(text);
    const done = rest.at(-1);
    if (typeof done === "function" && /^\s*commit/i.test(text)) {
      rest[rest.length - 1] = (error, ...values) => {
        if (error === null || error === undefined) moment("after commit");
        done(error, ...values);
      };
    }
    if (typeof given?.infileStreamFactory === "function") {
      const make = given.infileStreamFactory;
      given.infileStreamFactory = (...names) => {
        const stream = make(...names);
        watch(stream, "emit", (event) => event === "data" && moment("batch"));
        return stream;
      };
    }
    const running = query.call(this, given, ...rest);
    const see = everyBatch();
    if (typeof running?.emit === "function") watch(running, "emit", (event) => event === "result" && see());
    return running;
  };
}

await { postgresql, sqlite, duckdb, mariadb }[process.env.DATAPY_TEST_DRIVER]();
