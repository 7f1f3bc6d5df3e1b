import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";

/** A store to test with, and a way into it that has nothing to do with ours: the AWS SDK's own client. */
export interface TestStore {
  readonly name: StoreName;
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly client: S3Client;
  /** It keeps the checksums that came with objects, tags, and gives ranges of parts. */
  readonly modern: boolean;
  /** Parameters by which a mod finds it; at another address where there is something between. */
  parameters(endpoint?: string): Record<string, unknown>;
  stop(): Promise<void>;
}

export type StoreName = "s3rver" | "versitygw";

/** Nothing that a path may hold: secrets are masked wherever they stand. s3rver knows this one pair. */
const KEYS = {
  s3rver: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
  versitygw: { accessKeyId: "AKIDGATEWAY", secretAccessKey: "gateway secret/+" },
};

/** Names of the stores that this run tests with. versitygw only with DATAPY_TEST_SERVICES=1 (`npm run test:services`). */
export const STORE_NAMES: readonly StoreName[] = ["s3rver", ...(services() ? (["versitygw"] as const) : [])];

function binary(): string | undefined {
  const cache = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "datapy-services");
  if (!existsSync(cache)) return undefined;
  const folder = readdirSync(cache)
    .sort()
    .findLast((name) => name.startsWith("versitygw-") && existsSync(path.join(cache, name, "versitygw")));
  return folder === undefined ? undefined : path.join(cache, folder, "versitygw");
}

function services(): boolean {
  if (process.env["DATAPY_TEST_SERVICES"] !== "1") return false;
  if (binary() !== undefined) return true;
  // In CI, and where there is all that it is built with, a store that cannot be tested is a failure and not a shrug.
  if (process.env["CI"] === "true" || spawnSync("go", ["version"]).status === 0)
    throw new Error("versitygw is not built; run scripts/services.sh");
  process.stderr.write("SKIPPED: versitygw, a second S3 server, since it is not built and this machine has no Go\n");
  return false;
}

/** Starts one of them, on a folder and a port of its own. */
export async function startStore(name: StoreName): Promise<TestStore> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `datapy-${name}-`));
  const started = name === "s3rver" ? await startS3rver(folder) : await startVersitygw(folder);
  const endpoint = `http://127.0.0.1:${String(started.port)}`;
  const keys = KEYS[name];
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: keys,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  if (name === "versitygw") await client.send(new CreateBucketCommand({ Bucket: "test" }));
  return {
    name,
    endpoint,
    bucket: "test",
    ...keys,
    client,
    modern: name === "versitygw",
    parameters: (at = endpoint) => ({
      endpoint_url: at,
      region: "us-east-1",
      access_key_id: keys.accessKeyId,
      secret_access_key: keys.secretAccessKey,
      bucket: "test",
    }),
    stop: async () => {
      client.destroy();
      if (started.child.exitCode === null && started.child.signalCode === null) {
        const gone = new Promise((resolve) => started.child.once("exit", resolve));
        started.child.kill("SIGKILL");
        await gone;
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startS3rver(folder: string): Promise<Started> {
  const child = spawn(process.execPath, [path.join(__dirname, "s3rver-process.cjs"), folder], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" },
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
    child.once("exit", (code) => reject(new Error(`s3rver ended at once (${String(code)})`)));
  });
  return { child, port };
}

async function startVersitygw(folder: string): Promise<Started> {
  const data = path.join(folder, "data");
  mkdirSync(data);
  // It cannot tell which port the system gave it; so another program may be faster than it.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const args = [
      "--port",
      `127.0.0.1:${String(port)}`,
      "--access",
      KEYS.versitygw.accessKeyId,
      "--secret",
      KEYS.versitygw.secretAccessKey,
      "--quiet",
      "posix",
      data,
    ];
    const child = spawn(binary() ?? "versitygw", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
    const end = Date.now() + 30_000;
    while (child.exitCode === null && Date.now() < end) {
      if (await answers(port)) return { child, port };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    if (attempt >= 3) throw new Error(`versitygw did not come up: ${errors}`);
  }
}

/** A port of the loopback interface that nothing listens on. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
