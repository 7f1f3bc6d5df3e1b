// Upload of one large file by the mod s3-uploader against the AWS SDK's own `Upload` (@aws-sdk/lib-storage) with the same part size and the same
// number of parts under way.
//
//   node benchmarks/s3-upload/run.mjs [--size 1GiB] [--part-size 16MiB] [--concurrency 4] [--pairs 5] [--store auto|versitygw|s3rver]
//
// Starts a store of its own on the loopback interface (versitygw where scripts/services.sh has built it, else s3rver from npm), and runs both
// sides in turn, each in a process of its own; the time is that of the upload, without the start of the process. Prints the throughput of every
// pair and the median of the ratios. The mod also compares what the store has with what it sent, which the other side leaves to the user.
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const require = createRequire(import.meta.url);
const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1GiB" },
    "part-size": { type: "string", default: "16MiB" },
    concurrency: { type: "string", default: "4" },
    pairs: { type: "string", default: "5" },
    store: { type: "string", default: "auto" },
  },
});
const LIMIT = 0.9;
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");
const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-s3-bench-"));
const bytesOf = (text) => {
  const match = /^(\d+)\s*(KiB|MiB|GiB)?$/.exec(text);
  if (match === null) throw new Error(`not a size: ${text}`);
  return (
    Number(match[1]) *
    { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[match[2] ?? "KiB"] ** (match[2] === undefined ? 0 : 1)
  );
};
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

// Before the test servers are loaded: whether there is versitygw is told by this.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
process.env.DATAPY_TEST_SERVICES = values.store === "s3rver" ? "0" : "1";
const { createJiti } = require(require.resolve("jiti", { paths: [path.join(root, "framework/sdk")] }));
const { STORE_NAMES, startStore } = await createJiti(import.meta.url).import(
  path.join(root, "framework/object-storage/test/servers/stores.ts"),
);
const name = values.store === "auto" ? STORE_NAMES.at(-1) : values.store;

async function writeNoise(file, size) {
  const out = createWriteStream(file);
  const block = randomBytes(4 * 2 ** 20);
  for (let left = size; left > 0; left -= block.length) {
    block.writeUInt32LE(left % 2 ** 32);
    if (!out.write(Buffer.from(block.subarray(0, Math.min(left, block.length))))) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
}

function side(which, input) {
  const done = spawnSync(process.execPath, [path.join(here, "side.mjs"), which, JSON.stringify(input)], {
    encoding: "utf8",
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout.trim().split("\n").at(-1));
}

const size = bytesOf(values.size);
const file = path.join(folder, "data.bin");
const store = await startStore(name);
const ratios = [];
try {
  console.log(
    `machine: ${os.cpus().length} × ${os.cpus()[0].model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, node ${process.version}`,
  );
  console.log(`command: node benchmarks/s3-upload/run.mjs ${process.argv.slice(2).join(" ")}`);
  console.log(`store: ${name}; ${values.size} in parts of ${values["part-size"]}, ${values.concurrency} at once`);
  await writeNoise(file, size);
  const input = {
    file,
    work: path.join(folder, "work"),
    partSize: bytesOf(values["part-size"]),
    concurrency: Number(values.concurrency),
    parameters: store.parameters(),
  };
  const mibs = ({ seconds }) => size / 2 ** 20 / seconds;
  // Once without counting, so that the first side has the file in memory as well.
  side("sdk", { ...input, key: "warm" });
  for (let pair = 1; pair <= Number(values.pairs); pair += 1) {
    const order = pair % 2 === 1 ? ["sdk", "mod"] : ["mod", "sdk"];
    const found = {};
    for (const which of order) found[which] = side(which, { ...input, key: `${which}-${pair}` });
    const ratio = mibs(found.mod) / mibs(found.sdk);
    ratios.push(ratio);
    console.log(
      `pair ${pair}: Upload ${mibs(found.sdk).toFixed(0)} MiB/s (peak ${found.sdk.peak_mib} MiB), mod ${mibs(found.mod).toFixed(0)} MiB/s (peak ${found.mod.peak_mib} MiB), ratio ${ratio.toFixed(2)}`,
    );
  }
} finally {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
}
const value = median(ratios);
console.log(`s3-upload: median ratio ${value.toFixed(2)} (at least ${LIMIT}) ${value >= LIMIT ? "ok" : "MISSED"}`);
if (value < LIMIT) process.exitCode = 1;
