import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { makeCertificates } from "../../../framework/database/test/servers/certificates.js";
import { proxyChoice } from "../src/http/proxy-choice.js";
import { openWorkbench } from "./api-workbench.js";
import type { Workbench } from "./api-workbench.js";
import { ConnectProxy } from "./server/connect-proxy.js";
import { json, records } from "./server/misbehaving-server.js";

const VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

let bench: Workbench;
let proxy: ConnectProxy;
let address: string;
const before = new Map(VARIABLES.map((name) => [name, process.env[name]]));

beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.stop());
beforeEach(async () => {
  for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
  bench.api.reset();
  bench.api.on("/items", (_, response) => json(response, records(1, 3)));
  // RFC 2606: no resolver knows it.
  proxy = await ConnectProxy.start({ "api.invalid": "127.0.0.1" });
  address = `http://127.0.0.1:${String(proxy.port)}`;
});
afterEach(async () => {
  await proxy.stop();
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
});

const host = (): string => `127.0.0.1:${String(bench.api.port)}`;
const items = (): { endpoint: string; path: string } => ({ endpoint: bench.api.origin, path: "/items" });

test("requests go through the proxy that is named, with its credentials", async () => {
  const secrets = { proxy_user: "etl", proxy_password: "päss:word" };
  const { rows } = await bench.read({ ...items(), proxy: address, ...secrets });
  expect(rows).toHaveLength(3);
  const authorization = `Basic ${Buffer.from("etl:päss:word").toString("base64")}`;
  expect(proxy.asked).toEqual([{ target: host(), authorization }]);
  expect(bench.api.seen.map(({ headers }) => headers["proxy-authorization"])).toEqual([undefined]);
});

test("the environment counts only when it is asked for, and NO_PROXY with it", async () => {
  process.env["HTTP_PROXY"] = address.replace("://", "://user:secret@");
  await bench.read(items());
  expect(proxy.asked).toEqual([]);
  await bench.read({ ...items(), proxy: "environment" });
  expect(proxy.asked).toEqual([{ target: host(), authorization: "Basic dXNlcjpzZWNyZXQ=" }]);
  process.env["NO_PROXY"] = "example.com, 127.0.0.1";
  await bench.read({ ...items(), proxy: "environment" });
  expect(proxy.asked).toHaveLength(1);
});

test("HTTPS is checked inside of the tunnel", async () => {
  const certificates = makeCertificates(undefined);
  const { server: certificate, serverKey, authority, stranger, folder } = certificates;
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(serverKey) }, (_, response) =>
    json(response, records(1, 2)),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const endpoint = `https://localhost:${String((server.address() as AddressInfo).port)}`;
    const { rows } = await bench.read({ endpoint, path: "/items", proxy: address, tls_ca_file: authority });
    expect(rows).toHaveLength(2);
    expect(proxy.asked.map(({ target }) => target)).toEqual([endpoint.slice("https://".length)]);
    const said = await bench.fail({ endpoint, proxy: address, tls_ca_file: stranger, max_retries: 0 });
    expect(said).toContain("API_UNREACHABLE");
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a proxy that refuses, and one that is not there", async () => {
  proxy.answer = 407;
  expect(await bench.fail({ ...items(), proxy: address })).toMatch(/API_PROXY_REFUSED.*407.*credentials/);
  expect(proxy.asked).toHaveLength(1);
  proxy.answer = 503;
  expect(await bench.fail({ ...items(), proxy: address, max_retries: 2 })).toMatch(/API_PROXY_REFUSED.*503.*3 tries/);
  const gone = await ConnectProxy.start();
  const dead = `http://127.0.0.1:${String(gone.port)}`;
  await gone.stop();
  expect(await bench.fail({ ...items(), proxy: dead, max_retries: 1 })).toMatch(/API_UNREACHABLE.*ECONNREFUSED/);
  expect(bench.api.seen).toEqual([]);
});

test("a name that the proxy alone knows is reached when the endpoint names it", async () => {
  const endpoint = `http://api.invalid:${String(bench.api.port)}`;
  const { rows } = await bench.read({ endpoint, path: "/items", proxy: address });
  expect(rows).toHaveLength(3);
  expect(bench.api.seen).toHaveLength(1);
});

test.each(["127.0.0.2", "localhost", "169.254.169.254", "[::1]", "api.invalid"])(
  "a redirect to %s is refused before the proxy hears of it",
  async (name) => {
    const origin = `http://${name}:${String(bench.api.port)}`;
    bench.api.on("/away", (_, response) => response.writeHead(302, { location: `${origin}/items` }).end());
    const said = await bench.fail({ ...items(), path: "/away", proxy: address, allowed_origins: [origin] });
    expect(said).toContain("API_ADDRESS_REFUSED");
    expect(proxy.asked.map(({ target }) => target)).toEqual([host()]);
    expect(bench.api.to("/items")).toEqual([]);
  },
);

test.each([
  [{ proxy: "http://user:hidden@proxy.example.com" }, "proxy_password"],
  [{ proxy: "socks5://proxy.example.com" }, "SOCKS"],
  [{ proxy_user: "somebody" }, "need `proxy`"],
])("parameters that do not fit are refused: %j", async (params, expected) => {
  const envelope = await bench.run({ ...items(), ...params });
  expect(envelope.exit_code).toBe(20);
  const said = envelope.errors.join();
  expect(said).toContain("API_BAD_PARAMETERS");
  expect(said).toContain(expected);
  expect(said).not.toContain("hidden");
});

test.each([
  ["https://api.example.com/", "", true],
  ["https://api.example.com/", "example.com", false],
  ["https://api.example.com/", ".example.com", false],
  ["https://api.example.com/", "*.example.com", false],
  ["https://example.com/", ".example.com", false],
  ["https://badexample.com/", "example.com", true],
  ["https://API.example.com./", "api.EXAMPLE.com", false],
  ["https://api.example.com/", "api.example.com:443", false],
  ["https://api.example.com:8443/", "api.example.com:443", true],
  ["https://[::1]/", "[::1]:443", false],
  ["https://[::1]/", "::1", false],
  ["https://api.example.com/", "other.example.com *", false],
  ["http://api.example.com/", "", false],
])("%s with NO_PROXY=%s takes the proxy for HTTPS: %s", (target, direct, expected) => {
  const choose = proxyChoice(
    { proxy: "environment" },
    { HTTPS_PROXY: "proxy.example.com:3128", NO_PROXY: direct, http_proxy: "" },
  );
  expect(choose(new URL(target))?.url.href).toBe(expected ? "http://proxy.example.com:3128/" : undefined);
});
