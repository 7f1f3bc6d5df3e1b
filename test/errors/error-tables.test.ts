// What holds for every error of the tables, so that a new one is complete before it is thrown.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { DATABASE_ERRORS } from "../../framework/database/src/database-errors.js";
import { OBJECT_STORAGE_ERRORS } from "../../framework/object-storage/src/object-storage-errors.js";
import { ERROR_TABLE } from "../../framework/sdk/src/errors.js";

interface Row {
  readonly exitCode: number;
  readonly message: string;
  readonly hint: string;
}
const TABLES: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  "framework/sdk/src/errors.ts": ERROR_TABLE,
  "framework/database/src/database-errors.ts": DATABASE_ERRORS,
  "framework/object-storage/src/object-storage-errors.ts": OBJECT_STORAGE_ERRORS,
};
const ROWS = Object.values(TABLES).flatMap((one) => Object.entries(one));

/** Codes that no test provokes, and why not. */
const UNPROVOKED: Readonly<Record<string, string>> = {
  DATAPY_QUARANTINE_PENDING: "needs a replay that is killed between two sinks",
  DATABASE_DRIVER_MISSING: "needs an installation without its compiled parts",
  DATABASE_ROWS_DO_NOT_RECONCILE: "needs another program that changes rows at the very moment",
  S3_OBJECT_CHANGED: "needs a store that sends more bytes than it has announced",
};

const root = path.resolve(__dirname, "../..");
const texts = (isWanted: (file: string) => boolean): string[] =>
  ["framework", "plugins", "projects", "test"].flatMap((folder) => filesBelow(path.join(root, folder), isWanted));

function filesBelow(folder: string, isWanted: (file: string) => boolean): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (/^(?:node_modules|dist|\..*)$/.test(entry.name)) return [];
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(file, isWanted);
    const name = path.relative(root, file).split(path.sep).join("/");
    return name !== "test/errors/error-tables.test.ts" && isWanted(name) ? [readFileSync(file, "utf8")] : [];
  });
}

const sources = texts(
  (file) => /^(?:framework|plugins)\/[^/]+\/src\/.*\.tsx?$/.test(file) && TABLES[file] === undefined,
);
const source = sources.join("\n");
const tests = texts((file) => /(?:^|\/)test\/.*\.(?:ts|json)$/.test(file)).join("\n");
const reference = readFileSync(path.join(root, "docs/reference/errors.md"), "utf8");

test.each(Object.entries(TABLES))("%s is sorted by code", (_, rows) => {
  expect(Object.keys(rows)).toEqual(Object.keys(rows).sort());
});

test("every error says what happened, and in whole sentences what to do", () => {
  const wrong = ROWS.filter(([, { message, hint }]) => {
    const isMessage = message === "{detail}" || /^(?!.*\. ).{7,160}[^.]$/.test(message);
    const isHint = /^(?:[A-Z`"'{]|ctx\.).{4,320}[.}\u2026]$/.test(hint);
    return !isMessage || !isHint;
  });
  expect(wrong).toEqual([]);
});

test("every error exits with 20, 30, 40 or 50", () => {
  expect(ROWS.filter(([, { exitCode }]) => ![20, 30, 40, 50].includes(exitCode))).toEqual([]);
});

test("every error is thrown somewhere", () => {
  expect(ROWS.map(([code]) => code).filter((code) => !source.includes(`"${code}"`))).toEqual([]);
});

test("every code that is thrown is in a table", () => {
  const known = new Set(ROWS.map(([code]) => code));
  // Codes that are thrown through a function of faults, be it `fault`, `databaseFault` or `storageFault`.
  const thrown = [...source.matchAll(/[fF]ault\(\s*"((?:DATAPY|DATABASE|S3)_[A-Z0-9_]+)"/g)].map(
    ([, code]) => code ?? "",
  );
  expect(thrown.length).toBeGreaterThan(100);
  expect(thrown.filter((code) => !known.has(code))).toEqual([]);
});

test("every place of a message is filled where the error is thrown", () => {
  const faults = [...source.matchAll(/[fF]ault\(\s*"([A-Z0-9_]+)"(?:,\s*(\{))?/g)];
  const unfilled = faults.flatMap((match) => {
    const [, code = "", brace] = match;
    const message = ROWS.find(([name]) => name === code)?.[1].message ?? "";
    const wanted = [...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
    if (brace === undefined) return [];
    const details = balanced(source.slice(match.index + match[0].length - 1));
    return details.includes("...")
      ? []
      : wanted.filter((name) => !new RegExp(`\\b${name}\\b`).test(details)).map((name) => `${code}: ${name}`);
  });
  expect(unfilled).toEqual([]);
});

/** The text from an opening brace to the one that closes it. */
function balanced(text: string): string {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === "{") depth += 1;
    else if (text[index] === "}" && (depth -= 1) === 0) return text.slice(0, index + 1);
  }
  return text;
}

test("every error is in the reference", () => {
  expect(ROWS.map(([code]) => code).filter((code) => !reference.includes(`\`${code}\``))).toEqual([]);
});

test("every error is provoked by a test, or it is said why not", () => {
  // Some tests write codes without the prefix that all of them have.
  const isNamed = (code: string): boolean => new RegExp(`\\b(?:${code}|${code.replace("DATAPY_", "")})\\b`).test(tests);
  const unnamed = ROWS.map(([code]) => code).filter((code) => !isNamed(code));
  expect(unnamed.sort()).toEqual(Object.keys(UNPROVOKED).sort());
});
