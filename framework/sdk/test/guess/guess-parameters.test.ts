import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { load } from "js-yaml";
import { guessParameters } from "../../src/guess/guess-parameters.js";
import type { GuessRequest } from "../../src/guess/guess-parameters.js";
import { asData, withParameters } from "../../src/guess/params-text.js";
import { nodeToJson } from "../../src/config/yaml-document.js";
import { parseYaml } from "../../src/config/parse-yaml.js";
import { temporaryWorkPath } from "../support/temporary-work-path.js";

const work = temporaryWorkPath();

/** A package with a mod that reads `.lines` files, one that reads tables, and one that cannot guess. */
beforeEach(() => {
  const mods = ["lines-reader", "table-reader", "plain-reader"];
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(work(), file)), { recursive: true });
    writeFileSync(path.join(work(), file), text);
  };
  mkdirSync(path.join(work(), "node_modules/@datapy"), { recursive: true });
  symlinkSync(path.resolve(__dirname, "../../../mod-kit"), path.join(work(), "node_modules/@datapy/mod-kit"), "dir");
  const guesses = [
    { parameter: "input_path", files: [".lines", ".data.lines"] },
    { parameter: "table_name", files: [] },
    undefined,
  ];
  write("package.json", JSON.stringify({ name: "shop", private: true, dependencies: { "acme-mods": "1.0.0" } }));
  const entry = (name: string) => ({ name, category: "source", entry: `./${name}.mjs`, description: "x" });
  write(
    "node_modules/acme-mods/package.json",
    JSON.stringify({
      name: "acme-mods",
      version: "1.0.0",
      oclif: {},
      datapy: { contract: 1, mods: mods.map(entry) },
    }),
  );
  const manifest = mods.map((name, index) => ({
    name,
    metadata: { name, version: "1.0.0", description: "x", category: "source" },
    params: { type: "object", properties: {} },
    artifacts: {},
    ...(guesses[index] === undefined ? {} : { guess: guesses[index] }),
  }));
  write("node_modules/acme-mods/datapy.manifest.json", JSON.stringify({ manifest: 1, mods: manifest }));
  const source = (name: string, guess: string): string => `
import { Path, Secret, Type, defineMod } from "@datapy/mod-kit";
import { readFileSync } from "node:fs";
export default defineMod({
  metadata: { name: "${name}", version: "1.0.0", description: "x", category: "source" },
  params: Type.Object({
    input_path: Type.Optional(Path()), table_name: Type.Optional(Type.String()), password: Type.Optional(Secret()),
    lines: Type.Optional(Type.Integer()), first: Type.Optional(Type.String()), must: Type.Integer(),
  }),
  ${guess}
  run: (params, ctx) => ctx.result.success(),
});`;
  write(
    "node_modules/acme-mods/lines-reader.mjs",
    source(
      "lines-reader",
      `guess: { parameter: "input_path", files: [".lines"], async run(params, ctx, given) {
        const lines = readFileSync(params.input_path, "utf8").split("\\n");
        if (lines.length > 3) ctx.result.addWarning("long");
        return { params: { lines: lines.length, first: lines[0] }, notes: { lines: given.size + " given" } };
      } },`,
    ),
  );
  write(
    "node_modules/acme-mods/table-reader.mjs",
    source(
      "table-reader",
      `guess: { parameter: "table_name", async run(params) {
        return { params: { table_name: params.table_name.toLowerCase(), lines: params.password.length } };
      } },`,
    ),
  );
  write("node_modules/acme-mods/plain-reader.mjs", source("plain-reader", ""));
  write("in/a.lines", "one ${x}\ntwo");
  write("long.data.lines", "1\n2\n3\n4");
  write("unknown.bin", "x");
});

function guess(source: string, more: Partial<GuessRequest> = {}) {
  return guessParameters({ source, cwd: work(), env: { DATAPY_DATA_DIR: path.join(work(), "data") }, ...more });
}

async function codeOf(report: Promise<unknown>): Promise<string> {
  return report.then(
    () => "",
    (error: unknown) =>
      (error as { code?: string }).code ?? (error as { faults: { code: string }[] }).faults[0]?.code ?? "",
  );
}

it("asks the mod of the file's ending, and keeps what was written by completing it", async () => {
  const { mod, text } = await guess("in/a.lines");
  expect(mod).toBe("lines-reader");
  expect(text).toBe("# datapy: mod lines-reader\ninput_path: in/a.lines\n# 0 given\nlines: 2\nfirst: one $${x}\n");
  writeFileSync(path.join(work(), "params.yaml"), text);
  expect(await guess("params.yaml")).toMatchObject({ text, found: {} });

  const seed = "# datapy: mod lines-reader\n# mine\ninput_path: in/a.lines # here\nlines: 7";
  writeFileSync(path.join(work(), "seed.yml"), seed);
  expect((await guess("seed.yml")).text).toBe(`${seed}\nfirst: one $\${x}\n`);
});

it("gives a mod's warnings, and takes a file that the project would look for elsewhere by its whole path", async () => {
  expect(await guess("long.data.lines")).toMatchObject({ warnings: ["long"] });
  writeFileSync(
    path.join(work(), "project_defaults.yaml"),
    "mod_defaults:\n  lines_reader: { base_path: /elsewhere }\n",
  );
  expect((await guess("in/a.lines")).text).toContain(`input_path: ${path.join(work(), "in/a.lines")}\n`);
});

it("asks of a table the mod that reads tables, and writes --set as it is given", async () => {
  const { text } = await guess("Customers", {
    sets: ["password=${env.DB_PASSWORD}", "must=1"],
    env: { DATAPY_DATA_DIR: path.join(work(), "data"), DB_PASSWORD: "hunter22" },
  });
  expect(text).toBe(
    "# datapy: mod table-reader\ntable_name: customers\npassword: ${env.DB_PASSWORD}\nmust: 1\nlines: 8\n",
  );
});

it("says what it cannot do", async () => {
  expect(await codeOf(guess("unknown.bin"))).toBe("DATAPY_GUESS_NO_MOD");
  expect(await codeOf(guess("in/a.lines", { mod: "plain-reader" }))).toBe("DATAPY_GUESS_UNABLE");
  expect(await codeOf(guess("in/a.lines", { mod: "no-reader" }))).toBe("DATAPY_MOD_UNKNOWN");
  writeFileSync(path.join(work(), "params.yaml"), "input_path: in/a.lines\n");
  expect(await codeOf(guess("params.yaml"))).toBe("DATAPY_EXPLAIN_NO_MOD");
  writeFileSync(path.join(work(), "job.yaml"), "mods:\n  lines_reader: {}\n");
  expect(await codeOf(guess("job.yaml"))).toBe("DATAPY_CONFIG_SHAPE");
  expect(await codeOf(guess("in/a.lines", { sets: ["lines=many"] }))).toBe("DATAPY_PARAMETER_INVALID");
});

it("writes any parameters so that they are read as they were", () => {
  const text = fc.string({ unit: "binary", maxLength: 12 }).filter((one) => !/\p{Cs}/u.test(one));
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.dictionary(text, text, { maxKeys: 3 }),
    fc.array(text, { maxLength: 3 }),
  );
  fc.assert(
    fc.property(
      fc.dictionary(
        text.filter((key) => !["__proto__", "<<"].includes(key)),
        value,
        { minKeys: 1, maxKeys: 3 },
      ),
      (params) => {
        const written = withParameters("", params, {});
        const plain = JSON.parse(JSON.stringify(params)) as unknown;
        expect(JSON.parse(JSON.stringify(nodeToJson(parseYaml(written, "x").root)))).toEqual(plain);
      },
    ),
    { numRuns: 100 },
  );
  expect(load(withParameters("a: 1", asData({ b: "${c}" }), { b: "one\n\ntwo" }))).toEqual({ a: 1, b: "$${c}" });
});
