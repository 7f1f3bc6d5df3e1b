import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageSource } from "../../src/packages/package-source.js";

const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "datapy-source-")));
const tarball = path.join(folder, "mod.tgz");
writeFileSync(tarball, "");
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["@datapy/mod-csv-reader", { kind: "registry", name: "@datapy/mod-csv-reader", tag: "latest" }],
  ["@acme/mod-x@1.2.3", { kind: "registry", name: "@acme/mod-x", tag: "1.2.3" }],
  ["@acme/mod-x@^1", { kind: "registry", name: "@acme/mod-x", tag: "^1" }],
  ["@acme/mod-x@next", { kind: "registry", name: "@acme/mod-x", tag: "next" }],
  ["https://example.com/mod.tgz", { kind: "url", url: "https://example.com/mod.tgz" }],
  ["git+ssh://git@example.com/acme/mod-x.git", { kind: "url", url: "git+ssh://git@example.com/acme/mod-x.git" }],
  ["mod.tgz", { kind: "tarball", file: tarball }],
  ["./mod.tgz", { kind: "tarball", file: tarball }],
  ["file:mod.tgz", { kind: "tarball", file: tarball }],
  [tarball, { kind: "tarball", file: tarball }],
  [pathToFileURL(tarball).href, { kind: "tarball", file: tarball }],
])("%s is understood", (given, expected) => {
  expect(packageSource(given, folder)).toEqual(expected);
});

test.each([
  "csv-reader",
  "mod-csv-reader",
  "CSV_Reader",
  "left-pad@1.0.0",
  "acme/mod-x",
  "./gone.tgz",
  "gone.tar.gz",
  ".",
  "@acme",
  "@acme/",
  "npm:left-pad",
  "a b",
  "",
])("%j is refused", (given) => {
  expect(() => packageSource(given, folder)).toThrow(
    expect.objectContaining({ code: "DATAPY_PLUGIN_SOURCE", exitCode: 20 }) as Error,
  );
});
