import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { FileArtifact, TableArtifact } from "@datapy/mod-kit";
import { openArtifactFolder } from "../../src/artifacts/artifact-folder.js";
import type { ArtifactFolder } from "../../src/artifacts/artifact-folder.js";
import { createArtifactStore } from "../../src/artifacts/artifact-store.js";

let root: string;
let artifacts: ArtifactFolder;
let added: (TableArtifact | FileArtifact)[];
let cancel: AbortController;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "datapy-artifacts-"));
  added = [];
  cancel = new AbortController();
  artifacts = openArtifactFolder({
    mod: "reporter",
    declared: {
      report: { kind: "file", description: "a page" },
      rows: { kind: "table", description: "rows" },
      "odd/../key": { kind: "file", description: "odd" },
    },
    folder: path.join(root, "artifacts/session/step"),
    temporary: path.join(root, "tmp/run"),
    onAdd: (artifact) => added.push(artifact),
  });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const store = (): ReturnType<typeof createArtifactStore> => createArtifactStore(artifacts, cancel.signal);

it("gives a file its final name when it is committed, and not before", async () => {
  const file = await store().createFile("report", ".html");
  await writeFile(file.path, "<p>ö</p>");
  expect(existsSync(path.join(root, "artifacts"))).toBe(false);
  const made = await file.commit();
  expect(made).toEqual({
    kind: "file",
    key: "report",
    uri: path.join(root, "artifacts/session/step/report.html"),
    bytes: 9,
  });
  expect(await readFile(made.uri, "utf8")).toBe("<p>ö</p>");
  expect(existsSync(file.path)).toBe(false);
  expect(added).toEqual([made]);
});

it("removes what was not committed when the run ends", async () => {
  const file = await store().createFile("report", ".html");
  await writeFile(file.path, "half");
  await artifacts.close();
  expect(await readdir(path.join(root, "tmp"))).toEqual([]);
  expect(existsSync(path.join(root, "artifacts"))).toBe(false);
});

it("frees the key of a discarded file", async () => {
  const first = await store().createFile("report", "");
  await writeFile(first.path, "first");
  await first.discard();
  const second = await store().createFile("report", "");
  await writeFile(second.path, "second");
  expect(await readFile((await second.commit()).uri, "utf8")).toBe("second");
  // Too late to take it back.
  await second.discard();
  expect(added).toHaveLength(1);
});

it("refuses undeclared keys, keys of tables, keys used twice, and odd extensions", async () => {
  await expect(store().createFile("other", ".html")).rejects.toMatchObject({
    code: "DATAPY_ARTIFACT_UNDECLARED",
    message: expect.stringContaining("reporter"),
  });
  await expect(store().createFile("rows", ".html")).rejects.toMatchObject({ code: "DATAPY_ARTIFACT_UNDECLARED" });
  await expect(store().createFile("report", "/../x")).rejects.toMatchObject({ code: "DATAPY_FILE_FAILED" });
  await store().createFile("report", ".tar.gz");
  await expect(store().createFile("report", ".html")).rejects.toMatchObject({ code: "DATAPY_ARTIFACT_TWICE" });
});

it("never leaves its folder, whatever the key", async () => {
  const file = await store().createFile("odd/../key", ".txt");
  await writeFile(file.path, "x");
  expect(path.dirname((await file.commit()).uri)).toBe(path.join(root, "artifacts/session/step"));
});

it("says what is missing when nothing was written", async () => {
  const file = await store().createFile("report", ".html");
  await expect(file.commit()).rejects.toMatchObject({
    code: "DATAPY_FILE_FAILED",
    message: expect.stringContaining("report.html"),
  });
});

it("starts and commits nothing after the run was canceled", async () => {
  const file = await store().createFile("report", ".html");
  await writeFile(file.path, "x");
  cancel.abort(new Error("canceled"));
  await expect(file.commit()).rejects.toThrow("canceled");
  await expect(store().createFile("report", ".html")).rejects.toThrow("canceled");
});
