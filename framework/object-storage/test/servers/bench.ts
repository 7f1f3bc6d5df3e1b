import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import type { Envelope, SuccessEnvelope } from "@datapy/sdk";
import { runMod, setGlobalConfig } from "@datapy/sdk";
import type { TestStore } from "./stores.js";

const PLUGINS = path.join(__dirname, "..", "..", "..", "..", "plugins");

/** Files and runs of a test file. */
export interface Bench {
  readonly folder: string;
  readonly work: string;
  /** Writes a file below the folder, with the folders that it needs. */
  file(name: string, content: string | Uint8Array): string;
  run(mod: string, params: Readonly<Record<string, unknown>>): Promise<Envelope>;
  close(): void;
}

/** Opens a bench with a work path of its own. */
export function openBench(): Bench {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-s3-"));
  const work = path.join(folder, "work");
  setGlobalConfig({ work_path: work, log_level: "error" });
  return {
    folder,
    work,
    file: (name, content) => {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    run: (mod, params) => runMod(modEntry(mod), params),
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Entry file of a mod of this repository. */
export function modEntry(mod: string): string {
  return path.join(PLUGINS, `mod-${mod}`, "dist", "index.js");
}

/** An envelope that must not be an error. */
export function succeeded(envelope: Envelope): SuccessEnvelope {
  if (envelope.status === "error") throw new Error(`the run failed: ${envelope.errors.join("; ")}`);
  return envelope;
}

/** Errors of an envelope that must be one, with its exit code before them. */
export function failed(envelope: Envelope): string {
  if (envelope.status !== "error") throw new Error(`the run did not fail: ${JSON.stringify(envelope)}`);
  return `${String(envelope.exit_code)} ${envelope.errors.join("\n")}`;
}

/** Bytes that do not repeat and are the same every time. */
export function noise(bytes: number, seed = "datapy"): Buffer {
  const result = Buffer.allocUnsafe(bytes);
  let block = createHash("sha512").update(seed).digest();
  for (let at = 0; at < bytes; at += block.length) {
    // Hashing every block would take longer than the tests that use it.
    if (at % 65_536 === 0) block = createHash("sha512").update(block).digest();
    else block.writeUInt32LE((block.readUInt32LE(0) + 2_654_435_761) >>> 0, 0);
    block.copy(result, at);
  }
  return result;
}

/** What a store holds at a key, by its own client. */
export async function stored(store: TestStore, key: string): Promise<Buffer> {
  const answer = await store.client.send(new GetObjectCommand({ Bucket: store.bucket, Key: key }));
  return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
}

export async function put(store: TestStore, key: string, content: string | Uint8Array): Promise<void> {
  await store.client.send(
    new PutObjectCommand({ Bucket: store.bucket, Key: key, Body: content, ContentLength: Buffer.byteLength(content) }),
  );
}

export function headOf(store: TestStore, key: string): Promise<HeadObjectCommandOutput> {
  return store.client.send(new HeadObjectCommand({ Bucket: store.bucket, Key: key, ChecksumMode: "ENABLED" }));
}

/** Keys below a prefix. */
export async function keysOf(store: TestStore, prefix: string): Promise<string[]> {
  const answer = await store.client.send(
    new ListObjectsV2Command({ Bucket: store.bucket, Prefix: prefix, EncodingType: "url" }),
  );
  const plain = (key: string): string =>
    answer.EncodingType === "url" ? decodeURIComponent(key.replaceAll("+", "%20")) : key;
  return (answer.Contents ?? []).map((one) => plain(one.Key ?? ""));
}

/** Keys of uploads that were begun and not ended. */
export async function openUploads(store: TestStore, prefix: string): Promise<string[]> {
  const answer = await store.client.send(new ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: prefix }));
  return (answer.Uploads ?? []).map((one) => one.Key ?? "");
}
