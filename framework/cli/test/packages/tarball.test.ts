import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { readTarballDescription } from "../../src/packages/tarball.js";
import { packTarball } from "../support/mod-package.js";

const made: string[] = [];
function pack(manifest: { name: string; version: string }, files: Readonly<Record<string, string>> = {}): string {
  const file = packTarball(manifest, files);
  made.push(path.dirname(file));
  return file;
}
afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true })));

test("finds package.json among files of any size", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 3 }),
      fc.integer({ min: 0, max: 3000 }),
      async (sizes, padding) => {
        const files = Object.fromEntries(
          sizes.map((size, index) => [`${index % 2 === 0 ? "a" : "z"}${index}.txt`, "x".repeat(size)]),
        );
        const manifest = {
          name: "@acme/mod-x",
          version: "1.0.0",
          padding: "é".repeat(padding),
          datapy: { contract: 1 },
        };
        expect(await readTarballDescription(pack(manifest, files))).toEqual(manifest);
      },
    ),
    { numRuns: 12 },
  );
});

test("does not take the package.json of a folder inside", async () => {
  const file = pack({ name: "@acme/mod-x", version: "1.0.0" });
  await expect(readTarballDescription(file)).resolves.toMatchObject({ name: "@acme/mod-x" });
});

test("refuses what is no tarball, a damaged one, and one without a name", async () => {
  const whole = pack({ name: "@acme/mod-x", version: "1.0.0" }, { "data.txt": "x".repeat(100_000) });
  const bytes = readFileSync(whole);
  const damaged = path.join(path.dirname(whole), "damaged.tgz");
  writeFileSync(damaged, bytes.subarray(0, bytes.length - 20));
  const text = path.join(path.dirname(whole), "text.tgz");
  writeFileSync(text, "text");
  const nameless = pack({ version: "1.0.0" } as { name: string; version: string });
  for (const file of [damaged, text, nameless, path.join(path.dirname(whole), "gone.tgz")]) {
    await expect(readTarballDescription(file)).rejects.toMatchObject({ code: "DATAPY_PLUGIN_SOURCE", exitCode: 20 });
  }
});
