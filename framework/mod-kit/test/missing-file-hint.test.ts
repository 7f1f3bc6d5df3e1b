import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { missingFileHint } from "@datapy/mod-kit";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "datapy-missing-"));
  mkdirSync(path.join(folder, "data/empty"), { recursive: true });
  for (const name of ["movies.csv", "b.csv", "a.csv", ".hidden"]) writeFileSync(path.join(folder, "data", name), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const said = (file: string): string => missingFileHint(path.join(folder, file)).replaceAll(folder, "…");

test("the name beside it that was meant", () => {
  expect(said("data/movie.csv")).toBe(`Did you mean ${path.join("…", "data", "movies.csv")}?`);
});

test("what its folder holds, hidden files left out, where no name is near", () => {
  expect(said("data/bank_statement.txt")).toBe(
    `The folder ${path.join("…", "data")} holds a.csv, b.csv, empty, movies.csv.`,
  );
  expect(said("data/empty/x.csv")).toBe(`The folder ${path.join("…", "data", "empty")} is empty.`);
});

test("the folder of its path that is missing", () => {
  expect(said("dat/sub/movies.csv")).toBe(
    `There is no folder ${path.join("…", "dat")}. Did you mean ${path.join("…", "data")}?`,
  );
  expect(said("data/movies.csv/x.csv")).toContain("movies.csv");
});
