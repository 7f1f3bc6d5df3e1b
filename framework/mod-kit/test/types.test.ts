import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const folder = path.join(__dirname, "types");
const root = path.resolve(__dirname, "../../..");

function sources(kind: "right" | "wrong"): string[] {
  return readdirSync(path.join(folder, kind))
    .sort()
    .map((name) => path.join(folder, kind, name));
}

/** The compiler's errors by file, as `line: TS<code>: text`. */
function compile(files: readonly string[]): Map<string, string[]> {
  const config = ts.readConfigFile(path.join(root, "tsconfig.base.json"), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram(files, {
    ...options,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
  });
  const errors = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ");
    const { file, start = 0 } = diagnostic;
    if (file === undefined) throw new Error(text);
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    const list = errors.get(path.normalize(file.fileName)) ?? [];
    list.push(`${line}: TS${diagnostic.code}: ${text}`);
    errors.set(path.normalize(file.fileName), list);
  }
  return errors;
}

/** What a wrong definition says of itself: `// error TS2741: part of the text`, in the line before the one in question. */
function expected(file: string): { line: number; code: string; part: string }[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((text, index) => {
      const match = /\/\/ error (TS\d+): (.*)$/.exec(text);
      return match === null ? [] : [{ line: index + 2, code: match[1]!, part: match[2]! }];
    });
}

const right = sources("right");
const wrong = sources("wrong");
const errors = compile([...right, ...wrong]);

test.each(right.map((file) => [path.basename(file, ".ts"), file]))("%s compiles", (_name, file) => {
  expect(errors.get(file)).toEqual([]);
});

test.each(wrong.map((file) => [path.basename(file, ".ts"), file]))(
  "%s does not compile, for the reason that it names",
  (_name, file) => {
    const wanted = expected(file);
    const given = errors.get(file)!;
    expect(wanted.length).toBeGreaterThan(0);
    expect(given).toHaveLength(wanted.length);
    wanted.forEach(({ line, code, part }, index) => {
      expect(given[index]).toMatch(new RegExp(`^${line}: ${code}: `));
      expect(given[index]).toContain(part);
    });
  },
);
