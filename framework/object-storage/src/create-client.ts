import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { rootCertificates } from "node:tls";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { storageFault } from "./object-storage-errors.js";
import type { StorageValues } from "./storage-parameters.js";

/** The AWS SDK's module, loaded on first use: it is heavy. */
export type Sdk = typeof import("@aws-sdk/client-s3");

const UNSIGNED = "UNSIGNED-PAYLOAD";

/** Loads the SDK. */
export async function loadSdk(): Promise<Sdk> {
  // Its word on what later versions of it will need is for whoever chooses the version, which is this package, and not for the user's logs.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  return import("@aws-sdk/client-s3");
}

/**
 * Makes a client of the AWS SDK. Who it is comes from the parameters, else from the SDK's own chain. Checksums are made and compared by
 * this package, which also serves stores that do not know the newer ones.
 * @throws DatapyError `S3_INPUT_INVALID`, `S3_FILE`
 */
export async function createClient(sdk: Sdk, values: StorageValues, sockets: number): Promise<S3Client> {
  if ((values.access_key_id === undefined) !== (values.secret_access_key === undefined))
    throw storageFault("S3_INPUT_INVALID", { reason: "`access_key_id` and `secret_access_key` go together" });
  if (values.anonymous && values.access_key_id !== undefined)
    throw storageFault("S3_INPUT_INVALID", { reason: "`anonymous` sends no credentials, but an access key is given" });
  const agent = { keepAlive: true, maxSockets: Math.max(16, sockets) };
  const config: S3ClientConfig = {
    ...regionOf(values),
    ...credentialsOf(values),
    ...(values.profile === undefined ? {} : { profile: values.profile }),
    ...(values.endpoint_url === undefined
      ? { followRegionRedirects: true }
      : { endpoint: values.endpoint_url, forcePathStyle: true }),
    ...(values.path_style === undefined ? {} : { forcePathStyle: values.path_style }),
    maxAttempts: values.max_retries + 1,
    retryMode: "standard",
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: values.connect_timeout,
      socketTimeout: values.timeout,
      httpAgent: new http.Agent(agent),
      httpsAgent: new https.Agent({ ...agent, ...(await trusted(values.tls_ca_file)) }),
      socketAcquisitionWarningTimeout: 2 ** 31 - 1,
    },
    ...(values.anonymous ? { signer: { sign: (request) => Promise.resolve(request) } } : {}),
  };
  const client = new sdk.S3Client(config);
  // Over TLS, and with a checksum of the body among the signed headers, hashing the body once more for the signature would only cost time.
  client.middlewareStack.add(
    (next, context) => (given) => {
      const request = given.request as { protocol?: string; headers?: Record<string, string> };
      const sends = context.commandName === "UploadPartCommand" || context.commandName === "PutObjectCommand";
      const summed = Object.keys(request.headers ?? {}).some((name) => name.startsWith("x-amz-checksum-"));
      if (sends && summed && request.protocol === "https:" && request.headers !== undefined)
        request.headers["x-amz-content-sha256"] = UNSIGNED;
      return next(given);
    },
    { step: "build", name: "unsignedPayload", priority: "low" },
  );
  return client;
}

function regionOf(values: StorageValues): { region?: string } {
  if (values.region !== undefined) return { region: values.region };
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_CONFIG_FILE } = process.env;
  const given = AWS_REGION ?? AWS_DEFAULT_REGION;
  if (given !== undefined && given !== "") return { region: given };
  // The SDK reads the profile's region from there, and has no default of its own.
  if (existsSync(AWS_CONFIG_FILE ?? path.join(os.homedir(), ".aws", "config")) && values.endpoint_url === undefined)
    return {};
  return { region: "us-east-1" };
}

function credentialsOf(values: StorageValues): Pick<S3ClientConfig, "credentials"> {
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token: sessionToken } = values;
  if (values.anonymous) return { credentials: { accessKeyId: "", secretAccessKey: "" } };
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } };
}

async function trusted(file: string | undefined): Promise<{ ca?: string[] }> {
  if (file === undefined) return {};
  try {
    return { ca: [...rootCertificates, await readFile(file, "utf8")] };
  } catch (error) {
    throw storageFault("S3_FILE", { file, reason: (error as Error).message }, { cause: error });
  }
}
