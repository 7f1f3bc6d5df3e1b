import { homedir } from "node:os";
import path from "node:path";
import { dataDirectory } from "../../src/registry/index.js";

const windows = process.platform === "win32";

test("DATAPY_DATA_DIR stands before all others", () => {
  expect(dataDirectory({ DATAPY_DATA_DIR: "/d", XDG_DATA_HOME: "/x", LOCALAPPDATA: "/l", HOME: "/h" })).toBe(
    path.resolve("/d"),
  );
});

test("then the data folder of the platform", () => {
  expect(dataDirectory({ XDG_DATA_HOME: "/x", LOCALAPPDATA: "/l", HOME: "/h" })).toBe(
    path.resolve(windows ? "/l" : "/x", "datapy"),
  );
});

test("then the one in the home; an empty variable is none", () => {
  const inHome = windows ? "AppData/Local/datapy" : ".local/share/datapy";
  const none = { DATAPY_DATA_DIR: "", XDG_DATA_HOME: "", LOCALAPPDATA: "" };
  expect(dataDirectory({ ...none, HOME: "/h" })).toBe(path.resolve("/h", inHome));
  expect(dataDirectory(none)).toBe(path.resolve(homedir(), inHome));
});
