import { commandsOf, fences, shows } from "./support/documented-commands.js";

test("takes fenced blocks apart", () => {
  const [first, second] = fences(
    "text\n```ts file=a.ts\nlet a;\n```\n\n```console\n$ one \\\n  more\nout\n\nput\n$ two\n```\n",
  );
  expect(first).toEqual({ language: "ts", info: "file=a.ts", text: "let a;", line: 2 });
  expect(commandsOf(second!)).toEqual([
    { command: "one \\\n  more", output: "out\n\nput", line: 7 },
    { command: "two", output: "", line: 12 },
  ]);
  expect(() => fences("```sh\nx")).toThrow("no end");
});

test("compares output: white space does not count, … is anything, the rest must be there in order", () => {
  expect(shows('{"a":1,"b":2}\n', '{\n  "a": 1,\n  …\n}')).toBe(true);
  expect(shows("a b c", "a…c")).toBe(true);
  expect(shows("a b c", "c…a")).toBe(false);
  expect(shows("a b c", "abd")).toBe(false);
  expect(shows("anything", "")).toBe(true);
});
