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
  // versitygw lists keys as plain XML, which has no place for most control characters: those it is asked for by key.
  const isListed = (one: string): boolean => !store.modern || !/[\u0000-\u001f\ufffe\uffff]/.test(one);
  const listed = NAMES.filter(isListed);
  const others = NAMES.filter((one) => !isListed(one));
  const content = (one: string): string => `${String(NAMES.indexOf(one))} ${one}`;
  for (const one of NAMES) {
    mkdirSync(path.join(source, isListed(one) ? "listed" : "others"), { recursive: true });
    writeFileSync(path.join(source, isListed(one) ? "listed" : "others", one), content(one));
  }
  try {
    const upload = () => bench.run("s3-uploader", { ...store.parameters(), input_path: source, prefix: "naughty/" });
    expect(succeeded(await upload()).metrics).toMatchObject({ files_written: NAMES.length });
    expect((await keysOf(store, "naughty/listed/")).sort()).toEqual(
      listed.map((one) => `naughty/listed/${one}`).sort(),
    );
    for (const one of NAMES.filter((_, index) => index % 10 === 0))
      expect((await stored(store, `naughty/${isListed(one) ? "listed" : "others"}/${one}`)).toString()).toBe(
        content(one),
      );
    // The same again is known again, whatever it is called.
    expect(succeeded(await upload()).metrics).toMatchObject({ files_skipped: NAMES.length });
    succeeded(
      await bench.run("s3-downloader", { ...store.parameters(), prefix: "naughty/listed/", output_path: target }),
    );
    if (others.length > 0) {
      const key = others.map((one) => `naughty/others/${one}`);
      succeeded(await bench.run("s3-downloader", { ...store.parameters(), key, output_path: target }));
    }
    expect(readdirSync(target).sort()).toEqual([...NAMES].sort());
    for (const one of NAMES) expect(readFileSync(path.join(target, one), "utf8")).toBe(content(one));
    // As keys, letter for letter.
    const file = path.join(source, "listed", "NULL");
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
