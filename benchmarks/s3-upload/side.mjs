// One side of the comparison, in a process of its own: `sdk` or `mod`. Prints { seconds, peak_mib }.
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [which, text] = process.argv.slice(2);
const { file, work, key, partSize, concurrency, parameters } = JSON.parse(text);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

async function sdk() {
  const require = createRequire(path.join(root, "framework/object-storage/package.json"));
  const { S3Client } = require("@aws-sdk/client-s3");
  const { Upload } = require("@aws-sdk/lib-storage");
  const client = new S3Client({
    endpoint: parameters.endpoint_url,
    region: parameters.region,
    forcePathStyle: true,
    credentials: { accessKeyId: parameters.access_key_id, secretAccessKey: parameters.secret_access_key },
  });
  const began = performance.now();
  const params = { Bucket: parameters.bucket, Key: key, Body: createReadStream(file, { highWaterMark: 1024 * 1024 }) };
  await new Upload({ client, params, partSize, queueSize: concurrency }).done();
  return (performance.now() - began) / 1000;
}

async function mod() {
  const require = createRequire(path.join(root, "package.json"));
  const { runMod, setGlobalConfig } = require("@datapy/sdk");
  // Loaded before the clock starts, as on the other side.
  require(require.resolve("@aws-sdk/client-s3", { paths: [path.join(root, "framework/object-storage")] }));
  setGlobalConfig({ work_path: work, log_level: "error" });
  const began = performance.now();
  const envelope = await runMod(path.join(root, "plugins/mod-s3-uploader/dist/index.js"), {
    ...parameters,
    input_path: file,
    key,
    part_size: partSize,
    concurrency,
  });
  if (envelope.status === "error") throw new Error(envelope.errors.join("\n"));
  return (performance.now() - began) / 1000;
}

const seconds = await (which === "sdk" ? sdk() : mod());
process.stdout.write(`${JSON.stringify({ seconds, peak_mib: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`);
