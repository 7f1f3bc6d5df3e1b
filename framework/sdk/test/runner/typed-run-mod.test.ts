import { symlinkSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { HostFolder } from "./host-process.js";

let host: HostFolder;
beforeEach(() => {
  host = new HostFolder();
  host.linkPackages();
  symlinkSync(path.resolve(__dirname, "../../../../node_modules/@types"), path.join(host.path, "node_modules/@types"));
});
afterEach(() => host.remove());

/** What the compiler says of a script of a user's, as `line: message`. */
function compile(text: string): string[] {
  const program = ts.createProgram([host.file("flow.mts", text)], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
  });
  return ts.getPreEmitDiagnostics(program).map((one) => {
    const line = one.file === undefined ? 0 : one.file.getLineAndCharacterOfPosition(one.start ?? 0).line + 1;
    return `${line}: ${ts.flattenDiagnosticMessageText(one.messageText, " ")}`;
  });
}

const MOD = `import { defineMod, Duration, Path, Type } from "@datapy/mod-kit";
import { runMod, runEvents, describeMod, listMods, setGlobalConfig } from "@datapy/sdk";
const reader = defineMod({
  metadata: { name: "reader", version: "1.0.0", description: "Reads" },
  params: Type.Object({ input_path: Path(), limit: Type.Integer({ default: 1 }), patience: Duration({ default: "1s" }) }),
  artifacts: { output_data: { kind: "table", description: "Rows" }, rest: { kind: "table", description: "Bad rows", optional: true } },
  run: (_params, ctx) => ctx.result.success(),
});
`;

it("checks parameters and artifacts of a mod that is imported, and takes any of one that is named", () => {
  expect(
    compile(`${MOD}
const read = await runMod(reader, { input_path: "a.csv", patience: "90s", base_path: "data" }, { timeout: "5m", failOnError: false });
if (read.status !== "error") {
  const whole: string = read.artifacts.output_data;
  const rest: string | undefined = read.artifacts.rest;
  const any = await runMod("csv-reader", { whatever: [whole, rest] });
  if (any.status === "error") console.log(any.exit_code, any.errors);
  else console.log(any.metrics["rows_output"], any.artifacts["output_data"]);
}
setGlobalConfig({ base_path: "x", log_level: "DEBUG" });
for await (const event of runEvents()) if (event.kind === "progress") console.log(event.done);
console.log((await listMods()).length, await describeMod("csv-reader"));
`),
  ).toEqual([]);
});

it("finds a wrong parameter, a wrong type, an artifact that is not made, and a result that is not looked at", () => {
  const first = MOD.split("\n").length;
  const found = compile(`${MOD}await runMod(reader, { inputpath: "a.csv" });
await runMod(reader, { limit: "ten" });
const read = await runMod(reader, {});
if (read.status !== "error") console.log(read.artifacts.output_dta);
console.log(read.metrics);
`);
  expect(found.map((one) => Number(one.split(":")[0]) - first)).toEqual([0, 1, 3, 4]);
  expect(found[0]).toContain("inputpath");
  expect(found[1]).toContain("not assignable");
  expect(found[2]).toContain("output_dta");
  expect(found[3]).toContain("metrics");
});
