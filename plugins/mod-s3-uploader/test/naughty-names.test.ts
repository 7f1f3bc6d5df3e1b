import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { failed, keysOf, openBench, stored, succeeded } from "../../../framework/object-storage/test/servers/bench.js";
import type { Bench } from "../../../framework/object-storage/test/servers/bench.js";
import { STORE_NAMES, startStore } from "../../../framework/object-storage/test/servers/stores.js";
import { NAUGHTY_STRINGS } from "../../../test/support/naughty-strings.js";

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

/** What a file can be called; the test servers keep an object in a file of its key, with something behind the name. */
const NAMES = [...new Set(NAUGHTY_STRINGS)].filter(
  (one) => one !== "" && !one.includes("/") && one !== "." && one !== ".." && Buffer.byteLength(one) <= 200,
);

test("there are enough of them", () => {
  expect(NAMES.length).toBeGreaterThan(100);
});

test.each(STORE_NAMES)("naughty names of files and keys come back from %s as they were", async (name) => {
  const store = await startStore(name);
  const source = path.join(bench.folder, name, "source");
  const target = path.join(bench.folder, name, "target");
  mkdirSync(source, { recursive: true });
  for (const [index, one] of NAMES.entries()) writeFileSync(path.join(source, one), `${String(index)} ${one}`);
  try {
    const up = succeeded(
      await bench.run("s3-uploader", { ...store.parameters(), input_path: source, prefix: "naughty/" }),
    );
    expect(up.metrics).toMatchObject({ files_written: NAMES.length });
    expect((await keysOf(store, "naughty/")).sort()).toEqual(NAMES.map((one) => `naughty/${one}`).sort());
    for (const one of ["a\nb", "'; drop table t; --", "\u0001", "%", "a b+c&d=e".slice(0, 1) + "\rb"].filter((one) =>
      NAMES.includes(one),
    ))
      expect((await stored(store, `naughty/${one}`)).toString()).toBe(`${String(NAMES.indexOf(one))} ${one}`);
    // The same again is known again, whatever it is called.
    expect(
      succeeded(await bench.run("s3-uploader", { ...store.parameters(), input_path: source, prefix: "naughty/" }))
        .metrics,
    ).toMatchObject({ files_skipped: NAMES.length });
    succeeded(await bench.run("s3-downloader", { ...store.parameters(), prefix: "naughty/", output_path: target }));
    expect(readdirSync(target).sort()).toEqual([...NAMES].sort());
    for (const [index, one] of NAMES.entries())
      expect(readFileSync(path.join(target, one), "utf8")).toBe(`${String(index)} ${one}`);
    // As keys, letter for letter.
    const file = path.join(source, "NULL");
    for (const one of ["${env.HOME}", "{}", "a\\'b", "😀", "=1+1"]) {
      succeeded(
        await bench.run("s3-uploader", {
          ...store.parameters(),
          input_path: file,
          prefix: "key/",
          key: one.replace("${", "$${"),
        }),
      );
      expect(await keysOf(store, `key/${one}`)).toEqual([`key/${one}`]);
    }
    expect(
      failed(await bench.run("s3-uploader", { ...store.parameters(), input_path: file, key: "../../etc/passwd" })),
    ).toMatch(/^20 S3_KEY_UNSAFE/);
  } finally {
    await store.stop();
  }
});
