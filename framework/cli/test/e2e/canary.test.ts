import { readFileSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Workspace } from "../support/workspace.js";
import type { Outcome } from "../support/workspace.js";

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
  workspace.write("leaky.mjs", LEAKY);
});
afterEach(() => workspace.remove());

/** Says its secrets in every way that a mod has, then succeeds or throws them. */
const LEAKY = `
import { Path, Secret, Type, DatapyError, defineMod } from "@datapy/mod-kit";
export default defineMod({
  metadata: { name: "leaky", version: "1.0.0", description: "Says its secrets" },
  params: Type.Object({
    connection_string: Type.Optional(Secret()),
    key: Type.Optional(Secret()),
    text: Type.Optional(Type.String()),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    list: Type.Optional(Type.Array(Type.Unknown())),
    file: Type.Optional(Path()),
    how: Type.String({ default: "succeed" }),
  }),
  artifacts: { note: { kind: "file", description: "A note" } },
  async run(params, ctx) {
    const said = [params.connection_string, params.key, params.text, ...Object.values(params.headers ?? {}), ...(params.list ?? []), params.file].filter((one) => typeof one === "string");
    for (const one of said) {
      ctx.log.info("using " + one, { value: one, [one]: true, nested: { list: [one] } });
      console.log("printed", one, { one });
      console.error(new Error("printed " + one));
      process.stdout.write(one.slice(0, 9));
      process.stdout.write(one.slice(9) + "\\n");
      process.stderr.write(Buffer.from(one).toString("base64") + " " + encodeURIComponent(one) + " " + Buffer.from("user:" + one).toString("base64") + "\\n");
      ctx.result.addWarning("warned of " + one);
      ctx.result.addMetric("metric_" + one, one);
      ctx.result.addGlobal("global", { [one]: JSON.stringify({ one }) });
      ctx.result.addArtifact("artifact_" + one, "s3://bucket/" + encodeURIComponent(one));
    }
    if (params.how === "throw") throw new Error("cannot connect to " + said.join(" "), { cause: new Error("inner " + said.join("\\n")) });
    if (params.how === "fault") throw new DatapyError({ code: "LEAKY_FAULT", message: "refused " + said.join(" "), hint: "try " + said[0], exitCode: 30 });
    if (params.how === "error") { for (const one of said) ctx.result.addError("failed with " + one); return ctx.result.error(); }
    if (params.how === "reject") { void Promise.reject(new Error("unhandled " + said.join(" "))); await new Promise((resolve) => setTimeout(resolve, 200)); }
    if (params.how === "malformed") return { said };
    return ctx.result.success();
  },
});
`;

const PASSWORD = "c4n4ry/P@ss w0rd'\"+é";
const DSN = `postgresql://etl:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/shop`;
const KEY =
  "-----BEGIN PRIVATE KEY-----\nMIIcanaryLineOne0123456789\nMIIcanaryLineTwo9876543210\n-----END PRIVATE KEY-----\n";
const TOKEN = "tok-canary-0123456789";

/** Every text in which a canary would show itself, whichever way it was written. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const lines = secret.split("\n").filter((line) => line.includes("anary") || line.includes("4n4ry"));
  return [
    ...lines,
    ...lines.map((line) => encodeURIComponent(line)),
    ...lines.map((line) => JSON.stringify(line).slice(1, -1)),
    ...lines.map((line) => Buffer.from(line).toString("base64").replace(/=+$/, "").slice(0, -1)),
    bytes.toString("hex"),
    // Inside of "user:SECRET", as Basic authentication has it.
    ...lines.map((line) => Buffer.from(`user:${line}`).toString("base64").slice(8, -4)),
  ];
}

const FORMS = [...new Set([PASSWORD, DSN, KEY, TOKEN].flatMap(formsOf))];

/** All that the invocation left anywhere: both streams, and every file that it wrote. */
function tracesOf({ stdout, stderr }: Outcome): Record<string, string> {
  const files: Record<string, string> = {};
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const file = path.join(folder, name);
      if (name === "node_modules" || name === "leaky.mjs" || name === "params.yaml" || name === "key.pem") continue;
      if (statSync(file).isDirectory()) visit(file);
      else files[path.relative(workspace.folder, file)] = readFileSync(file, "latin1");
    }
  };
  visit(workspace.folder);
  return { stdout, stderr, ...files };
}

function leaksIn(outcome: Outcome): string[] {
  return Object.entries(tracesOf(outcome)).flatMap(([where, text]) => {
    const utf8 = where === "stdout" || where === "stderr" ? text : Buffer.from(text, "latin1").toString("utf8");
    return FORMS.filter((form) => utf8.includes(form)).map((form) => `${where}: ${form}`);
  });
}

const PARAMS = [
  "connection_string: ${secret.env.CANARY_DSN}",
  "key: ${secret.file:key.pem}",
  "text: token ${secret.env.CANARY_TOKEN} in a text",
  "headers: {authorization: 'Bearer ${secret.env.CANARY_TOKEN}'}",
  "list: ['${secret.env.CANARY_PASSWORD}', {inner: '${secret.env.CANARY_TOKEN}'}]",
  "file: /nowhere/${secret.env.CANARY_TOKEN}.csv",
  "",
].join("\n");

const env = { CANARY_DSN: DSN, CANARY_TOKEN: TOKEN, CANARY_PASSWORD: PASSWORD };

describe("a canary in every kind of parameter is nowhere to be found", () => {
  it.each([
    ["succeed", 10],
    ["throw", 30],
    ["fault", 30],
    ["error", 30],
    ["reject", 30],
    ["malformed", 30],
  ])("when the mod does this: %s", async (how, code) => {
    workspace.write("params.yaml", PARAMS);
    workspace.write("key.pem", KEY);
    const outcome = await workspace.run(
      ["run-mod", "./leaky.mjs", "-p", "params.yaml", "--set", `how=${how}`, "--log-level", "debug"],
      { env },
    );
    expect(leaksIn(outcome)).toEqual([]);
    expect(outcome.code).toBe(code);
    // It did run, and what it said came through, masked.
    expect(outcome.stderr).toContain("printed ***");
    expect(Object.keys(tracesOf(outcome)).filter((name) => name.includes(".datapy")).length).toBeGreaterThan(1);
  });

  it("when metrics are written and events are posted", async () => {
    workspace.write("params.yaml", PARAMS);
    workspace.write("key.pem", KEY);
    const posted: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding("utf8").on("data", (text: string) => posted.push(text));
      request.on("end", () => response.end("{}"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const outcome = await workspace.run(
        ["run-mod", "./leaky.mjs", "-p", "params.yaml", "--metrics-file", "metrics.prom"],
        { env: { ...env, DATAPY_OPENLINEAGE_URL: `${url}/api/v1/lineage`, OTEL_EXPORTER_OTLP_ENDPOINT: url } },
      );
      expect(outcome.code).toBe(10);
      expect(leaksIn(outcome)).toEqual([]);
      expect(tracesOf(outcome)["metrics.prom"]).toContain("datapy_run_exit_code");
      const text = posted.join("");
      expect(text).toContain("COMPLETE");
      expect(text).toContain("resourceSpans");
      expect(FORMS.filter((form) => text.includes(form))).toEqual([]);
    } finally {
      server.close();
    }
  });

  it.each([
    ["throws", 30, `throw new Error("cannot connect to " + said.join(" "), { cause: said });`],
    ["succeeds", 10, ``],
  ])("when a script has it and %s", async (_, code, ending) => {
    workspace.write(
      "params.yaml",
      `params:\n${PARAMS.replace(/^(?=.)/gm, "  ")}mods:\n  leaky:\n${PARAMS.replace(/^(?=.)/gm, "    ")}`,
    );
    workspace.write("key.pem", KEY);
    workspace.write(
      "flow.ts",
      `import { params, runMod, setupLogger } from "@datapy/sdk";
const said = Object.values(params).flatMap((one) => (typeof one === "string" ? [one] : Object.values(one as object))).filter((one) => typeof one === "string");
const log = setupLogger("flow");
for (const one of said) {
  log.warn("have " + one, { one });
  console.log("printed", one);
  process.stderr.write(encodeURIComponent(one) + " " + JSON.stringify(one) + "\\n");
}
await runMod("./leaky.mjs");
${ending}
`,
    );
    const outcome = await workspace.run(["run-script", "flow.ts", "-p", "params.yaml", "--metrics-file", "m.prom"], {
      env,
    });
    expect(leaksIn(outcome)).toEqual([]);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain("printed ***");
  });

  it("when files with it are explained and linted", async () => {
    workspace.write("params.yaml", `# datapy: mod ./leaky.mjs\n${PARAMS}`);
    workspace.write("key.pem", KEY);
    for (const args of [
      ["config", "explain", "params.yaml", "./leaky.mjs"],
      ["config", "explain", "params.yaml", "./leaky.mjs", "--json"],
      ["lint"],
    ]) {
      const outcome = await workspace.run(args, { env });
      expect(leaksIn(outcome)).toEqual([]);
    }
  });

  it("when it is given in plain, by file and by --set", async () => {
    workspace.write("params.yaml", `connection_string: ${JSON.stringify(DSN)}\nkey: ${JSON.stringify(KEY)}\n`);
    const outcome = await workspace.run([
      "run-mod",
      "./leaky.mjs",
      "-p",
      "params.yaml",
      "--set",
      "how=throw",
      "--set",
      `key=${JSON.stringify(TOKEN)}`,
    ]);
    expect(leaksIn(outcome)).toEqual([]);
    expect(outcome.code).toBe(30);
  });

  it("when a parameter beside it is wrong", async () => {
    workspace.write(
      "params.yaml",
      `connection_string: ${JSON.stringify(DSN)}\nkey: [${JSON.stringify(TOKEN)}]\nheaders: text\nunknown: 1\n`,
    );
    const outcome = await workspace.run(["run-mod", "./leaky.mjs", "-p", "params.yaml"]);
    expect(leaksIn(outcome)).toEqual([]);
    expect(outcome.code).toBe(20);
  });
});
