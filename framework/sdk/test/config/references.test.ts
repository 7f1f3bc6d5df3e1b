import fc from "fast-check";
import { loadConfiguration } from "../../src/config/load-configuration.js";
import type { ConfigurationRequest, ResolveRequest } from "../../src/config/configuration-types.js";
import { parseTemplate } from "../../src/config/references.js";
import type { FaultList } from "../../src/faults.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
beforeEach(() => {
  folder = new ProjectFolder();
});
afterEach(() => folder.remove());

const references = {
  session: { id: "5e55" },
  run: { date: "2024-08-12" },
  mods: {
    csv_reader: {
      artifacts: { output_data: "/a/out.parquet" },
      metrics: { rows_output: 12 },
      globals: { ids: [1, 2] },
    },
  },
};

async function values(text: string, request: Partial<ConfigurationRequest> = {}, more: Partial<ResolveRequest> = {}) {
  const path = folder.write("params.yaml", text);
  const configuration = await loadConfiguration({
    cwd: folder.root,
    env: { HOME: "/home/x", PORT: "5432", EMPTY: "", ON: "true" },
    file: { path },
    references,
    ...request,
  });
  const resolved = await configuration.resolve({ mod: "m", schema: {}, references, ...more });
  return JSON.parse(JSON.stringify(resolved.values)) as Record<string, unknown>;
}

async function faultsOf(promise: Promise<unknown>): Promise<string[]> {
  const error = (await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as FaultList;
  return error.faults.map(
    (one) => `${one.code}:${one.location?.line ?? 0}:${one.location?.column ?? 0} ${one.message} ${one.hint ?? ""}`,
  );
}

describe("references", () => {
  test("give the value of a global, typed where they stand alone, as text inside a text", async () => {
    folder.write(
      "project_defaults.yaml",
      "globals: {n: 5, on: true, nothing: null, list: [1, {a: 2}], text: x, deep: {inner: {leaf: y}}}",
    );
    expect(
      await values(
        "a: ${globals.n}\nb: ${globals.on}\nc: ${globals.nothing}\nd: ${globals.list}\ne: <${globals.n}-${globals.on}-${globals.text}>\nf: ${globals.deep.inner.leaf}\ng: ${globals.list.1.a}\nh: '${ globals.n }'",
      ),
    ).toEqual({ a: 5, b: true, c: null, d: [1, { a: 2 }], e: "<5-true-x>", f: "y", g: 2, h: 5 });
  });

  test("give project settings, session, run and environment", async () => {
    folder.write("project_defaults.yaml", "project_name: shop\nproject_version: 1.2.0\nowner: {team: data}");
    expect(
      await values(
        "a: ${project.project_name}-${project.project_version}\nb: ${project.owner.team}\nc: ${session.id}\nd: /x/${run.date}\ne: ${env.HOME}\nf: ${env.NONE:-fall back}\ng: ${env.EMPTY:-used}\nh: '[${env.EMPTY}]'\ni: ${env.NONE:-}",
      ),
    ).toEqual({
      a: "shop-1.2.0",
      b: "data",
      c: "5e55",
      d: "/x/2024-08-12",
      e: "/home/x",
      f: "fall back",
      g: "used",
      h: "[]",
      i: "",
    });
  });

  test("give what earlier steps made, - and _ alike", async () => {
    expect(
      await values(
        "a: ${mods.csv_reader.artifacts.output_data}\nb: ${mods.csv-reader.metrics.rows_output}\nc: ${mods.csv_reader.globals.ids}\nd: ${mods.csv_reader.globals.ids.1}",
      ),
    ).toEqual({
      a: "/a/out.parquet",
      b: 12,
      c: [1, 2],
      d: 2,
    });
  });

  test("$${ stands for ${, and other dollars for themselves", async () => {
    expect(await values("a: $${globals.x}\nb: 'x$${y'\nc: $5 $$ $x {a}\nd: \"$${a}${env.PORT}$${b}\"")).toEqual({
      a: "${globals.x}",
      b: "x${y",
      c: "$5 $$ $x {a}",
      d: "${a}5432${b}",
    });
  });

  test("are expanded once: what they give is never expanded again", async () => {
    const env = { SLY: "${env.HOME}", HOME: "/home/x" };
    expect(await values("a: ${env.SLY}\nb: <${globals.g}>", { env, globals: { g: "${env.HOME}" } })).toEqual({
      a: "${env.HOME}",
      b: "<${env.HOME}>",
    });
  });

  test("globals may refer to globals, in any order", async () => {
    folder.write(
      "project_defaults.yaml",
      "globals:\n  file: ${globals.folder}/x.csv\n  folder: ${globals.root}/in\n  root: ${env.HOME}\n",
    );
    expect(await values("a: ${globals.file}")).toEqual({ a: "/home/x/in/x.csv" });
  });

  test("texts of the environment become what the schema wants, and stay text where it takes text", async () => {
    const text =
      "port: ${env.PORT}\nname: ${env.PORT}\non: ${env.ON}\neither: ${env.PORT}\nlist: ['${env.PORT}']\nthrough: ${globals.port}\nleading: ${env.ZERO}";
    const schema = {
      properties: {
        port: { type: "integer" },
        name: { type: "string" },
        on: { type: "boolean" },
        either: { anyOf: [{ type: "number" }, { type: "string" }] },
        list: { type: "array", items: { type: "number" } },
        through: { type: "integer" },
        leading: { type: "string" },
      },
    };
    folder.write("project_defaults.yaml", "globals: {port: '${env.PORT}'}");
    expect(await values(text, { env: { PORT: "5432", ON: "true", ZERO: "007" } }, { schema })).toEqual({
      port: 5432,
      name: "5432",
      on: true,
      either: "5432",
      list: [5432],
      through: 5432,
      leading: "007",
    });
  });

  test("work in mod_defaults and --set, and not in keys", async () => {
    folder.write("project_defaults.yaml", "globals: {g: 1}\nmod_defaults: {m: {a: '${globals.g}', '${globals.g}': k}}");
    expect(await values("b: 2", { sets: ["c=${globals.g}"] })).toEqual({ a: 1, "${globals.g}": "k", b: 2, c: 1 });
  });
});

describe("faulty references", () => {
  test("are all reported, with file, line and column of each", async () => {
    const text = [
      "a: ${globals.absent}",
      'b: "two: ${env.NONE} and ${nonsense.x}"',
      "c: |",
      "  line one",
      "  ${session.name} here",
      "d: [1, '${globals.absent}', '${mods.csv_reder.artifacts.x}']",
      "e: ${globals",
      "f: ${}",
      "g: ${mods.csv_reader.artifacts.output_dat}",
      "h: x ${project.name}",
    ].join("\n");
    const faults = await faultsOf(values(text));
    expect(faults.map((one) => one.split(" ")[0])).toEqual([
      "DATAPY_REFERENCE_UNKNOWN:1:4",
      "DATAPY_REFERENCE_UNKNOWN:2:10",
      "DATAPY_REFERENCE_SYNTAX:2:26",
      "DATAPY_REFERENCE_SYNTAX:5:3",
      "DATAPY_REFERENCE_UNKNOWN:6:9",
      "DATAPY_REFERENCE_UNKNOWN:6:30",
      "DATAPY_REFERENCE_SYNTAX:7:4",
      "DATAPY_REFERENCE_SYNTAX:8:4",
      "DATAPY_REFERENCE_UNKNOWN:9:4",
      "DATAPY_REFERENCE_UNKNOWN:10:6",
    ]);
    expect(faults[5]).toContain("Did you mean csv_reader?");
    expect(faults[8]).toContain("Did you mean output_data?");
    expect(faults[9]).toContain("no project file was found (looked for ");
  });

  test("name every place that was looked at", async () => {
    const project = folder.write("project_defaults.yaml", "globals: {base: x}\nenvironments: {dev: {}}");
    const job = folder.write("job.yaml", "globals: {bsae: y}\nmods: {m: {a: '${globals.bas}'}}");
    const [said] = await faultsOf(values("x: 1", { file: { path: job }, environmentName: "dev" }));
    expect(said).toContain(
      `looked in globals of ${job}, environment dev of ${project}, globals of ${project}, --set globals.… Did you mean base?`,
    );
  });

  test("going round in a circle are shown as such", async () => {
    folder.write(
      "project_defaults.yaml",
      "globals:\n  a: ${globals.b}\n  b: x${globals.c}\n  c: ${globals.a}\n  d: ${globals.d}\n",
    );
    const faults = await faultsOf(values("x: 1"));
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatch(
      /^DATAPY_REFERENCE_CYCLE:\d:\d .*\$\{globals\.b\} → \$\{globals\.c\} → \$\{globals\.a\} → \$\{globals\.b\} /,
    );
  });

  test("a list or null cannot stand inside a text", async () => {
    folder.write("project_defaults.yaml", "globals: {list: [1], nothing: null}");
    expect(await faultsOf(values("a: x${globals.list}\nb: ${globals.nothing}x"))).toEqual([
      expect.stringMatching(/^DATAPY_REFERENCE_NOT_TEXT:1:5 .*a list/),
      expect.stringMatching(/^DATAPY_REFERENCE_NOT_TEXT:2:4 .*null/),
    ]);
  });

  test("globals cannot refer to steps, which have not run yet", async () => {
    folder.write("project_defaults.yaml", "globals: {x: '${mods.csv_reader.metrics.rows_output}'}");
    expect(await faultsOf(values("a: 1"))).toEqual([expect.stringContaining("before any step has run")]);
  });

  test("prototype members are no values", async () => {
    expect(
      await faultsOf(
        values(
          "a: ${globals.toString}\nb: ${env.constructor}\nc: ${mods.csv_reader.artifacts.hasOwnProperty}\nd: ${mods.toString.artifacts.x}\ne: ${env.__proto__}",
        ),
      ),
    ).toHaveLength(5);
  });
});

describe("a flood of references", () => {
  test("in one text is refused, right or wrong as they are", async () => {
    const [said, ...others] = await faultsOf(values(`a: "${"${globals.a}".repeat(50_000)}"`, { globals: { a: 1 } }));
    expect(others).toEqual([]);
    expect(said).toMatch(/^DATAPY_REFERENCE_SYNTAX:1:\d+ .*1000 references at most/);
    expect(said?.length).toBeLessThan(1000);
  });

  test("in many texts is counted after the fiftieth fault", async () => {
    const faults = await faultsOf(values(`l: [${Array<string>(20_000).fill('"${globals.x}"').join(", ")}]`));
    expect(faults).toHaveLength(51);
    expect(faults.at(-1)).toContain("19950 more faults are not shown");
  });

  test("that lead from one to the next is refused, before there is no room left for it", async () => {
    const globals = Array.from({ length: 20_000 }, (_, index) => `g${index}: "\${globals.g${index + 1}}"`);
    const file = folder.write("job.yaml", `globals: {${globals.join(", ")}}\nmods: {m: {a: "\${globals.g0}"}}`);
    const faults = await faultsOf(values("x: 1", { file: { path: file } }));
    expect(faults[0]).toMatch(/^DATAPY_REFERENCE_CHAIN:1:\d+ .*more than 100 times/);
  });
});

describe("templates, as a property", () => {
  const piece = fc.oneof(
    fc.string().map((text) => ({ written: text.replaceAll("${", () => "$${"), reads: text })),
    fc
      .constantFrom("a", "b", "c")
      .map((name) => ({ written: `\${globals.${name}}`, reads: { a: "1", b: "true", c: "${globals.a}" }[name] })),
  );
  // A dollar sign at the end of a text would join with a ${ that follows it.
  const pieces = fc.array(piece).filter((list) => list.every(({ written }) => !written.endsWith("$")));

  test("expand to the joined values, whatever stands between", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (list) => {
        const configuration = await loadConfiguration({
          cwd: folder.root,
          env: {},
          globals: { a: 1, b: true, c: "${globals.a}" },
          file: { name: "<stdin>", text: `t: ${JSON.stringify(list.map((one) => one.written).join(""))}` },
        });
        const { values: found } = await configuration.resolve({ mod: "m", schema: {}, references });
        expect(String(found["t"])).toBe(list.map((one) => one.reads).join(""));
      }),
      { numRuns: 200 },
    );
  });

  test("written again from their parts, give the text back", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("$", "{", "}", "a", ".", "globals.x", ":-") }), (text) => {
        const again = parseTemplate(text)
          .map((part) => (part.kind === "text" ? part.text.replaceAll("${", () => "$${") : part.raw))
          .join("");
        expect(again).toBe(text);
      }),
    );
  });

  test("a text without ${ is untouched", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("${")),
        (text) => {
          expect(parseTemplate(text)).toEqual(text === "" ? [] : [{ kind: "text", text }]);
        },
      ),
    );
  });
});
