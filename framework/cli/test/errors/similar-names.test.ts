import { similarNames } from "../../src/errors/similar-names.js";

test.each([
  ["modz", ["mods", "runs", "help"], ["mods"]],
  [
    "plugins instal",
    ["plugins uninstall", "plugins install", "plugins link"],
    ["plugins install", "plugins uninstall"],
  ],
  ["conf", ["config", "config explain", "runs"], ["config", "config explain"]],
  ["xyzzy", ["mods", "runs"], []],
  ["", ["mods"], []],
])("%s", (given, candidates, expected) => {
  expect(similarNames(given, candidates, 2)).toEqual(expected);
});
