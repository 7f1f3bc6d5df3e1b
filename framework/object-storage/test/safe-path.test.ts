import path from "node:path";
import fc from "fast-check";
import { fillTemplate, parseTemplate } from "../src/key-template.js";
import { keyBelow, localSteps, requireBelow } from "../src/safe-path.js";

const values = { now: new Date(2024, 7, 12, 9, 5, 3), runId: "r", sessionId: "s", index: 7 };
const unsafe = expect.objectContaining({ code: "S3_KEY_UNSAFE", exitCode: 20 }) as unknown;
const thrown = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

test.each([
  "../a",
  "a/../../b",
  "..",
  "a/..",
  "..\\a",
  "a\\..\\b",
  "/a",
  "//a",
  "%2e%2e/a",
  "%2E%2E%2Fa",
  "%252e%252e%252fa",
  "%2fa",
  ".%2e/a",
  ".\u0000./a",
  "a\u0000b",
  ".\u0001./a",
  ".\u200b./a",
  "\u0007../a",
  "\u0001/a",
  "./a",
  "a/./b",
  "．．/a",
  " .. /a",
  "%25252525252525252e",
])("%j leaves no prefix", (text) => {
  expect(thrown(() => keyBelow("exports/", text))).toEqual(unsafe);
});

test.each([
  "a",
  "a/b",
  "a..b",
  "...",
  "a b",
  "%",
  "100%",
  "%zz",
  "a%20b",
  "é/漢",
  "a\nb",
  "\\a",
  "C:\\x",
  ".hidden",
  "a//b",
  "a\u0001b",
  "...",
])("%j is a key", (text) => {
  expect(keyBelow("exports/", text)).toBe(`exports/${text}`);
});

test("a key is refused when it is too long, empty, or half a character", () => {
  for (const key of ["", "x".repeat(1025), "é".repeat(513), "\ud83d"])
    expect(thrown(() => keyBelow("", key))).toEqual(unsafe);
});

test("whatever a path is made of, its file stays in its folder and a name is the step itself", () => {
  const piece = fc.constantFrom("..", ".", "/", "\\", "a", "%2e", "%2f", "\u0000", "\u0001", "é", " ", "");
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.boolean(),
      fc.constantFrom("linux" as const, "win32" as const),
      (pieces, encode, platform) => {
        const steps = thrown(() => localSteps(pieces.join(""), encode, platform));
        if (!Array.isArray(steps)) {
          expect(steps).toEqual(unsafe);
          return;
        }
        const system = platform === "win32" ? path.win32 : path.posix;
        const root = platform === "win32" ? "C:\\root\\out" : "/srv/out";
        const file = system.join(root, ...(steps as string[]));
        expect(file.startsWith(root + system.sep)).toBe(true);
        expect(system.basename(file)).toBe((steps as string[]).at(-1));
        if (!encode) expect((steps as string[]).join("/")).toBe(pieces.join(""));
      },
    ),
  );
  expect(localSteps("../a//b", true)).toEqual(["%2E%2E", "a", "%2F", "b"]);
  expect(thrown(() => localSteps("con.txt", false, "win32"))).toEqual(unsafe);
});

test("templates: places, literal braces, empty folders, faults", () => {
  const fill = (template: string, file: string): string =>
    fillTemplate(parseTemplate(template), "p/", { ...values, path: file });
  expect(fill("{path}", "x/y.csv")).toBe("p/x/y.csv");
  expect(fill("y={year}/m={month}/{folder}/{stem}-{index}.{extension}", "y.tar.gz")).toBe(
    "p/y=2024/m=08/y.tar-00007.gz",
  );
  expect(fill("{date}/{hour}{day}/{time}/{name}", "a/b")).toBe("p/2024-08-12/0912/090503/b");
  expect(fill("{{{name}}}/{run_id}-{session_id}", "n")).toBe("p/{n}/r-s");
  expect(fill("{name}", "{path}")).toBe("p/{path}");
  for (const template of ["{nope}", "{", "a}", "/a", "{name"])
    expect(thrown(() => parseTemplate(template))).toEqual(expect.objectContaining({ code: "S3_TEMPLATE_INVALID" }));
  expect(thrown(() => fill("../{name}", "a"))).toEqual(unsafe);
  expect(thrown(() => fill("{name}", ".."))).toEqual(unsafe);
  fc.assert(
    fc.property(fc.string(), (name) => {
      const key = thrown(() => fill("{name}", name));
      if (typeof key === "string") {
        expect(key.startsWith("p/")).toBe(true);
        expect(path.posix.normalize(`/${key}`).startsWith("/p/")).toBe(true);
      } else expect(key).toEqual(unsafe);
    }),
  );
  expect(thrown(() => requireBelow("ok"))).toBeUndefined();
});
