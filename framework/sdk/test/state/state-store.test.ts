import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import type { SqlValue } from "@datapy/mod-kit";
import { openState } from "../../src/state/state-store.js";
import type { RunState } from "../../src/state/state-store.js";
import { decodeValue, encodeValue } from "../../src/state/state-values.js";

let workPath: string;
beforeEach(async () => {
  workPath = await mkdtemp(path.join(os.tmpdir(), "datapy-state-"));
});
afterEach(() => rm(workPath, { recursive: true, force: true }));

const open = (project: string | undefined = "sales", mod = "api-client"): RunState =>
  openState({ workPath, project, mod });
const file = (): string => path.join(workPath, "state/sales/api-client.json");

it("keeps what a run has set only once the run has succeeded", async () => {
  const failed = open();
  failed.store.set("watermark", 1);
  expect(await failed.store.get("watermark")).toBe(1);
  expect(await open().store.get("watermark")).toBeUndefined();
  const succeeded = open();
  succeeded.store.set("watermark", 2);
  await succeeded.commit();
  expect(await open().store.get("watermark")).toBe(2);
});

it("keeps the bookmarks of runs that end at the same moment, in one process and in several", async () => {
  const here = Array.from({ length: 20 }, async (_, index) => {
    const run = open();
    run.store.set(`here ${String(index)}`, index);
    await run.commit();
  });
  const module = path.resolve(__dirname, "../../dist/state/state-store.js");
  const others = ["a", "b", "c"].map(async (name) => {
    const script = `
      const { keepState } = require(${JSON.stringify(module)});
      (async () => {
        for (let index = 0; index < 10; index += 1)
          await keepState({ workPath: process.argv[1], project: "sales", mod: "api-client" }, new Map([["${name} " + index, String(index)]]));
      })();`;
    await promisify(execFile)(process.execPath, ["-e", script, workPath]);
  });
  await Promise.all([...here, ...others]);
  expect(Object.keys(JSON.parse(await readFile(file(), "utf8")) as object)).toHaveLength(50);
  expect(await readdir(path.dirname(file()))).toEqual(["api-client.json"]);
});

it("forgets what a run has deleted", async () => {
  const first = open();
  first.store.set("a", "x");
  first.store.set("b", "y");
  await first.commit();
  const second = open();
  second.store.delete("a");
  expect(await second.store.get("a")).toBeUndefined();
  await second.commit();
  expect([await open().store.get("a"), await open().store.get("b")]).toEqual([undefined, "y"]);
});

it("keeps bookmarks of projects and mods apart, and those of runs that ended side by side together", async () => {
  const [one, other] = [open(), open()];
  one.store.set("a", 1);
  other.store.set("b", 2);
  await one.commit();
  await other.commit();
  expect([await open().store.get("a"), await open().store.get("b")]).toEqual([1, 2]);
  expect(await open("finance").store.get("a")).toBeUndefined();
  expect(await open("sales", "database-reader").store.get("a")).toBeUndefined();
  expect(await openState({ workPath, project: undefined, mod: "api-client" }).store.get("a")).toBeUndefined();
});

it("writes no file for a run that changed nothing, and leaves no other file behind", async () => {
  await open().commit();
  expect(await readdir(workPath)).toEqual([]);
  const state = open("a/../b", "../mod");
  state.store.set("k", 1);
  await state.commit();
  expect(await readdir(path.join(workPath, "state"))).toEqual([encodeURIComponent("a/../b")]);
  expect(await readdir(path.join(workPath, "state", encodeURIComponent("a/../b")))).toEqual([
    `${encodeURIComponent("../mod")}.json`,
  ]);
});

it("can be read and edited by a person", async () => {
  const state = open();
  state.store.set("since", "2024-01-01 00:00:00");
  state.store.set("id", 5);
  await state.commit();
  expect(await readFile(file(), "utf8")).toBe('{\n  "id": 5,\n  "since": "2024-01-01 00:00:00"\n}\n');
});

it("refuses a broken file, which stays as it is", async () => {
  const state = open();
  state.store.set("a", 1);
  await state.commit();
  await writeFile(file(), '{"a": ');
  await expect(open().store.get("a")).rejects.toMatchObject({
    code: "DATAPY_STATE_UNREADABLE",
    message: expect.stringContaining(file()),
  });
  const next = open();
  next.store.set("b", 1);
  await expect(next.commit()).rejects.toMatchObject({ code: "DATAPY_STATE_UNREADABLE" });
  expect(await readFile(file(), "utf8")).toBe('{"a": ');
});

it("gives every value back as it was", () => {
  const value = fc.letrec<{ any: SqlValue }>((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.bigInt(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array(),
      fc.array(tie("any")),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$datapy", "value")), tie("any")),
    ),
  })).any;
  fc.assert(
    fc.property(value, (given) => {
      expect(decodeValue(JSON.parse(JSON.stringify(encodeValue("k", given))))).toEqual(normal(given));
    }),
  );
});

/** Objects of fast-check have no prototype. */
function normal(value: SqlValue): SqlValue {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return (value as readonly SqlValue[]).map(normal);
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, normal(field)]));
}

it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1])("refuses %s when it is set", (value) => {
  // What an author of JavaScript may do.
  let thrown: unknown;
  try {
    open().store.set("k", value as SqlValue);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: "DATAPY_STATE_VALUE" });
});

it("gives a folder whose files outlive a run that never ended", async () => {
  const folder = await open().store.journalFolder();
  await writeFile(path.join(folder, "left-behind"), "x");
  expect(await open().store.journalFolder()).toBe(folder);
  expect(await readdir(folder)).toEqual(["left-behind"]);
  expect(await open("sales", "other-mod").store.journalFolder()).not.toBe(folder);
});
