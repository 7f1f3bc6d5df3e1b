import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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

export type StoreName = "s3rver" | "versitygw" | "seaweedfs";

/** Nothing that a path may hold: secrets are masked wherever they stand. s3rver knows this one pair. */
const KEYS = {
  s3rver: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
  versitygw: { accessKeyId: "AKIDGATEWAY", secretAccessKey: "gateway secret/+" },
  seaweedfs: { accessKeyId: "AKIDSEAWEED", secretAccessKey: "seaweed secret/+" },
};

/** Names of the stores that this run tests with. versitygw only with DATAPY_TEST_SERVICES=1 (`npm run test:services`). */
export const STORE_NAMES: readonly StoreName[] = ["s3rver", ...(services("versitygw") ? (["versitygw"] as const) : [])];

/** Names of the stores that encrypt what they keep. Only with DATAPY_TEST_SERVICES=1 too. */
export const ENCRYPTING_STORE_NAMES: readonly StoreName[] = services("seaweedfs") ? ["seaweedfs"] : [];

function binary(server: string): string | undefined {
  const cache = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "datapy-services");
  if (!existsSync(cache)) return undefined;
  const folder = readdirSync(cache)
    .sort()
    .findLast((name) => name.startsWith(`${server}-`) && existsSync(path.join(cache, name, server)));
  return folder === undefined ? undefined : path.join(cache, folder, server);
}

function services(server: string): boolean {
  if (process.env["DATAPY_TEST_SERVICES"] !== "1") return false;
  if (binary(server) !== undefined) return true;
  // In CI, and where there is all that it is built with, a store that cannot be tested is a failure and not a shrug.
  if (process.env["CI"] === "true" || spawnSync("go", ["version"]).status === 0)
    throw new Error(`${server} is not built; run scripts/services.sh`);
  process.stderr.write(`SKIPPED: ${server}, an S3 server, since it is not built and this machine has no Go\n`);
  return false;
}

/** Starts one of them, on a folder and a port of its own. */
export async function startStore(name: StoreName): Promise<TestStore> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `datapy-${name}-`));
  const starts = { s3rver: startS3rver, versitygw: startVersitygw, seaweedfs: startSeaweedfs };
  const started = await starts[name](folder);
  const endpoint = `http://127.0.0.1:${String(started.port)}`;
  const keys = KEYS[name];
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: keys,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  if (name !== "s3rver") await client.send(new CreateBucketCommand({ Bucket: "test" }));
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
      for (const socket of started.sockets ?? []) rmSync(socket, { force: true });
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  /** Unix sockets beside its folder. */
  readonly sockets?: readonly string[];
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
    const child = spawn(binary("versitygw") ?? "versitygw", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
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

/** Encrypts with a key of its own, and with keys of a KMS within it, which are made when they are first named. */
async function startSeaweedfs(folder: string): Promise<Started> {
  const data = path.join(folder, "data");
  mkdirSync(data);
  const config = path.join(folder, "s3.json");
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = KEYS.seaweedfs;
  writeFileSync(
    config,
    JSON.stringify({
      identities: [{ name: "test", credentials: [{ accessKey, secretKey }], actions: ["Admin"] }],
      kms: {
        default_provider: "within",
        providers: { within: { type: "local", enableOnDemandCreate: true } },
      },
    }),
  );
  for (let attempt = 1; ; attempt += 1) {
    const ports = await Promise.all(Array.from({ length: 8 }, freePort));
    const names = ["s3", "master", "volume", "filer"];
    const s3 = ports[0] ?? 0;
    const args = [
      "server",
      `-dir=${data}`,
      "-ip=127.0.0.1",
      "-ip.bind=127.0.0.1",
      ...names.flatMap((one, index) => [
        `-${one}.port=${String(ports[2 * index])}`,
        `-${one}.port.grpc=${String(ports[2 * index + 1])}`,
      ]),
      "-filer",
      "-s3",
      "-s3.port.iceberg=0",
      "-s3.port.lance=0",
      `-s3.config=${config}`,
      "-master.volumeSizeLimitMB=64",
      "-volume.max=20",
    ];
    // Its logs go to the temporary folder.
    // It makes these, wherever its data are, and would leave them.
    const sockets = names.flatMap((one, index) => [
      `/tmp/seaweedfs-${one}-${String(ports[2 * index])}.sock`,
      `/tmp/seaweedfs-${one}-grpc-${String(ports[2 * index + 1])}.sock`,
    ]);
    const env = { ...process.env, WEED_S3_SSE_KEY: "a key of a test", TMPDIR: folder };
    const child = spawn(binary("seaweedfs") ?? "weed", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"], env });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)));
    const end = Date.now() + 60_000;
    while (child.exitCode === null && Date.now() < end) {
      if (await answers(s3)) return { child, port: s3, sockets };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    if (attempt >= 3) throw new Error(`seaweedfs did not come up: ${errors}`);
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
