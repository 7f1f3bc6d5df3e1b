import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { readEvents } from "../../src/ledger/ledger-line.js";
import { end, ledgerIn, start } from "./sample-runs.js";

const RUN = "csv-reader_0a1b2c3d";
let work: string;
let server: Server;
let address: string;
let received: { url: string; headers: IncomingMessage["headers"]; body: string }[];
let answer: (response: ServerResponse, count: number) => void;

beforeEach(async () => {
  work = mkdtempSync(path.join(tmpdir(), "datapy-openlineage-"));
  received = [];
  answer = (response) => response.writeHead(201).end();
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      received.push({ url: request.url ?? "", headers: request.headers, body });
      answer(response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(work, { recursive: true, force: true });
});

/** A session of one run; gives what it warned of. */
async function session(env: Record<string, string>, runs = 1): Promise<string[]> {
  const warnings: string[] = [];
  const ledger = ledgerIn(work, {
    env,
    warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
  });
  for (let run = 0; run < runs; run += 1) {
    start(ledger, RUN);
    end(ledger, RUN);
  }
  await ledger.sessionEnded({ exitCode: 0 });
  expect(readEvents(ledger.file)).toHaveLength(2 * runs + 2);
  return warnings;
}

it("posts every event of the ledger, in order, to the standard's path", async () => {
  expect(await session({ DATAPY_OPENLINEAGE_URL: address, DATAPY_OPENLINEAGE_API_KEY: "key-1" })).toEqual([]);
  expect(received.map((one) => (JSON.parse(one.body) as { eventType: string }).eventType)).toEqual([
    "START",
    "START",
    "COMPLETE",
    "COMPLETE",
  ]);
  expect(received[0]).toMatchObject({
    url: "/api/v1/lineage",
    headers: { authorization: "Bearer key-1", "content-type": "application/json" },
  });
});

it("keeps a path of one's own, and sends an address's credentials as a header", async () => {
  expect(await session({ DATAPY_OPENLINEAGE_URL: address.replace("//", "//me:p%40ss@") + "/own/path?x=1" })).toEqual(
    [],
  );
  expect(received[0]).toMatchObject({
    url: "/own/path?x=1",
    headers: { authorization: `Basic ${Buffer.from("me:p@ss").toString("base64")}` },
  });
});

it("tries again when the server stumbles", async () => {
  answer = (response, count) => response.writeHead(count === 1 ? 503 : 200).end();
  expect(await session({ DATAPY_OPENLINEAGE_URL: address })).toEqual([]);
  expect(received).toHaveLength(5);
  expect(received[0]?.body).toBe(received[1]?.body);
});

it("does not try again what the server refuses, and says so once", async () => {
  answer = (response) => response.writeHead(401).end("no");
  const warnings = await session({ DATAPY_OPENLINEAGE_URL: address.replace("//", "//me:secret@") });
  expect(warnings).toEqual([expect.stringContaining("the server answered 401")]);
  expect(warnings.join()).not.toContain("secret");
  expect(received.length).toBeLessThanOrEqual(4);
});

it("gives up a server that cannot be reached, without holding up or failing anything", async () => {
  const warnings = await session({ DATAPY_OPENLINEAGE_URL: "http://127.0.0.1:1" }, 50);
  expect(warnings).toEqual([expect.stringContaining("OpenLineage events could not be delivered")]);
});

it("ends the session and its process although the server never answers", () => {
  answer = () => undefined;
  const dist = path.resolve(__dirname, "../../dist/ledger/ledger.js");
  const script = `
    const { openLedger } = require(${JSON.stringify(dist)});
    const masker = { add() {}, mask: (text) => text, maskJson: (value) => value };
    // A server that takes the connection and says nothing.
    const server = require("node:net").createServer(() => {}).listen(0, "127.0.0.1", async () => {
      server.unref();
      const env = { DATAPY_OPENLINEAGE_URL: "http://127.0.0.1:" + server.address().port };
      const ledger = openLedger({ workPath: ${JSON.stringify(work)}, sessionId: "7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10", startedAt: new Date(), masker, job: { name: "j" }, env, warn: (message) => console.log(message) });
      for (let n = 0; n < 100; n += 1) ledger.runStarted({ runId: "m_00000001", mod: "m", startedAt: new Date(), parameters: {}, logFile: "" });
      console.log("started");
      await ledger.sessionEnded({ exitCode: 0 });
      console.log("ended");
    });`;
  const done = spawnSync(process.execPath, ["-e", script], { encoding: "utf8", timeout: 60_000 });
  expect(done.stdout.trim().split("\n")).toEqual(["started", "OpenLineage events could not be delivered", "ended"]);
  expect(done.status).toBe(0);
});

it.each(["not a url", "ftp://127.0.0.1/x", "file:///x"])("refuses the address %s with a warning", async (url) => {
  expect(await session({ DATAPY_OPENLINEAGE_URL: url })).toEqual([
    expect.stringContaining("not an http or https address"),
  ]);
});

it("loads no HTTP client where it is not switched on", () => {
  const dist = path.resolve(__dirname, "../../dist/ledger/ledger.js");
  const script = `
    let asked = false; Object.defineProperty(globalThis, "fetch", { get() { asked = true; } });
    const ledger = require(${JSON.stringify(dist)}).openLedger({ workPath: ${JSON.stringify(work)}, sessionId: "7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10", startedAt: new Date(), masker: { mask: (t) => t, maskJson: (v) => v }, job: { name: "j" }, env: {} });
    ledger.runStarted({ runId: "m_00000001", mod: "m", startedAt: new Date(), parameters: {}, logFile: "" });
    ledger.sessionEnded({ exitCode: 0 }).then(() => console.log(asked));`;
  expect(spawnSync(process.execPath, ["-e", script], { encoding: "utf8" }).stdout.trim()).toBe("false");
});
