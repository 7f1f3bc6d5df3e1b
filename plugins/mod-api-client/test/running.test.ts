import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { defineMod, Type } from "@datapy/mod-kit";
import { runMod } from "@datapy/sdk";
import { spawn } from "node:child_process";
import { once } from "node:events";
import apiClient from "../src/index.js";
import { openWorkbench } from "./api-workbench.js";
import type { Workbench } from "./api-workbench.js";
import { json, records } from "./server/misbehaving-server.js";

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.stop());
beforeEach(() => bench.api.reset());

/** Runs the mod's `check` in a real context: nothing of the host calls it by itself. */
const check = async (params: Readonly<Record<string, unknown>>): Promise<string> => {
  const checker = defineMod({
    metadata: { name: "checker", version: "1.0.0", description: "Checks" },
    params: Type.Object({ ...apiClient.params.properties }),
    async run(given, ctx) {
      await apiClient.check?.(given, ctx);
      return ctx.result.success();
    },
  });
  return (await runMod(checker, params)).errors.join("\n");
};

test("check reaches the endpoint, with credentials, and moves nothing", async () => {
  const endpoint = bench.api.on("/items", (seen, response) =>
    seen.headers.authorization === "Bearer right" ? json(response, records(1, 3)) : json(response, {}, {}, 401),
  );
  expect(await check({ endpoint, auth_method: "bearer", token: "right", pagination: { type: "page" } })).toBe("");
  expect(bench.api.seen).toHaveLength(1);
  expect(await check({ endpoint, auth_method: "bearer", token: "wrong" })).toContain("API_AUTH_FAILED");
  expect(await check({ endpoint: `${bench.api.origin}/nothing` })).toContain("API_HTTP_STATUS");
  expect(await check({ endpoint: "http://no-such-host.invalid" })).toContain("API_UNREACHABLE");
});

test("check of an endpoint that is sent to asks with HEAD", async () => {
  const endpoint = bench.api.on("/rows", (seen, response) =>
    response.writeHead(seen.method === "HEAD" ? 405 : 200).end(),
  );
  expect(await check({ endpoint, mode: "send" })).toBe("");
  expect(bench.api.seen.map((one) => one.method)).toEqual(["HEAD"]);
});

test("a canceled run ends at once, leaves no table, and keeps the watermark as it was", async () => {
  const endpoint = bench.api.on("/items", (_seen, response, turn) => {
    if (turn === 1) json(response, records(1, 2));
  });
  const host = path.join(__dirname, "../../../framework/cli/bin/run.js");
  const sets = [
    "endpoint=" + endpoint,
    "pagination={type: page}",
    "watermark_field=id",
    "watermark_parameter=since",
    "timeout=10m",
  ];
  const child = spawn(
    process.execPath,
    [host, "run-mod", path.join(__dirname, "../dist/index.js"), ...sets.flatMap((one) => ["--set", one])],
    {
      cwd: bench.folder,
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  let out = "";
  child.stdout.on("data", (part: Buffer) => (out += part.toString()));
  while (bench.api.to("/items").length < 2 && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(out).toBe("");
  child.kill("SIGINT");
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(50);
  expect(JSON.parse(out)).toMatchObject({ status: "error", exit_code: 50 });
  const left = readdirSync(bench.folder, { recursive: true, encoding: "utf8" });
  expect(left.filter((file) => /output_data|records\.ndjson|state\/.*api-client/.test(file))).toEqual([]);
});

test("lineage: the endpoint is the input, each column names its field", async () => {
  const endpoint = bench.api.on("/v1/orders", (_seen, response) => json(response, [{ id: 1, buyer: { name: "x" } }]));
  await bench.read({ endpoint, query_parameters: { page_token: "private", list: ["a", "b"] } });
  expect(bench.api.seen[0]?.query.getAll("list")).toEqual(["a", "b"]);
  const ledger = readdirSync(path.join(bench.folder, "runs"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ndjson"),
  );
  const events = ledger.map((file) => readFileSync(path.join(bench.folder, "runs", file), "utf8")).join("");
  const event = events.split("\n").find((line) => line.includes('"COMPLETE"') && line.includes("v1/orders")) ?? "";
  expect(event).toContain('"name":"v1/orders"');
  expect(event).toContain('"field":"buyer.name"');
});
