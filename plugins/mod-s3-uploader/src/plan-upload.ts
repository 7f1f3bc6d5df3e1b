import path from "node:path";
import {
  fillTemplate,
  findLocalFiles,
  keyBelow,
  parseStorageUri,
  parseTemplate,
  requireBucket,
  requirePrefix,
  storageFault,
} from "@datapy/object-storage";
import type { FoundFile, StorageLocation } from "@datapy/object-storage";
import type { UploaderParams } from "./parameters.js";

/** A file and the key that it is to get. */
export interface PlannedFile {
  readonly file: FoundFile;
  readonly location: StorageLocation;
  /** It is an artifact of an earlier step. */
  readonly artifact: boolean;
}

/** What a run is to do, as far as it can be told without asking the store. */
export interface UploadPlan {
  readonly bucket: string;
  /** Begin of all keys. */
  readonly prefix: string;
  readonly files: readonly PlannedFile[];
  readonly marker: StorageLocation | undefined;
}

/** Where the parameters point to. Throws `S3_INPUT_INVALID`, `S3_URI_INVALID`, `S3_KEY_UNSAFE`. */
export function uploadTarget(params: UploaderParams): {
  readonly bucket: string;
  readonly prefix: string;
  readonly key: string | undefined;
} {
  const invalid = (reason: string): never => {
    throw storageFault("S3_INPUT_INVALID", { reason });
  };
  const { output_path: uri, key } = params;
  if (uri === undefined) {
    const { bucket } = params;
    if (bucket === undefined) return invalid("`bucket` or `output_path` has to say where to write");
    requireBucket(bucket);
    return { bucket, prefix: requirePrefix(params.prefix), key };
  }
  if (params.bucket !== undefined || params.prefix !== "")
    return invalid("`output_path` stands for `bucket` and `prefix`; give either");
  const { bucket, key: below } = parseStorageUri(uri);
  if (below === "" || below.endsWith("/")) return { bucket, prefix: requirePrefix(below), key };
  if (key !== undefined) return invalid("`output_path` names a key already; end it with a slash, or leave `key` out");
  return { bucket, prefix: "", key: below };
}

/** Finds the files and makes their keys. Throws `S3_FILE`, `S3_INPUT_INVALID`, `S3_TEMPLATE_INVALID`, `S3_KEY_UNSAFE`, `S3_NAME_COLLISION`. */
export async function planUpload(
  params: UploaderParams,
  run: { readonly runId: string; readonly sessionId: string; readonly now: Date },
): Promise<UploadPlan> {
  const { bucket, prefix, key } = uploadTarget(params);
  const template = parseTemplate(params.key_template);
  const paths = params.input_path === undefined ? [] : [params.input_path].flat();
  const artifacts = [params.input_artifact ?? [], params.input_artifacts ?? []].flat();
  if (paths.length === 0 && artifacts.length === 0)
    throw storageFault("S3_INPUT_INVALID", { reason: "`input_path` or `input_artifact` has to say what to upload" });
  const found: { file: FoundFile; artifact: boolean }[] = [];
  const seen = new Set<string>();
  for (const [inputs, artifact] of [
    [paths, false],
    [artifacts, true],
  ] as const) {
    for (const input of inputs) {
      if (/^[a-z][a-z0-9+.-]+:\/\//i.test(input))
        throw storageFault("S3_INPUT_INVALID", { reason: `${input} is no file of this machine; fetch it first` });
      for (const file of await findLocalFiles(input, artifact)) {
        // Two patterns may name the same file.
        if (!seen.has(file.path)) found.push({ file, artifact });
        seen.add(file.path);
      }
    }
  }
  if (key !== undefined && found.length > 1)
    throw storageFault("S3_INPUT_INVALID", {
      reason: `one key is given for ${String(found.length)} files; use \`key_template\`, or end \`output_path\` with a slash`,
    });
  const keys = new Map<string, string>();
  const files = found.map(({ file, artifact }, index): PlannedFile => {
    const values = { path: file.relative, index: index + 1, ...run };
    const own = key === undefined ? fillTemplate(template, prefix, values) : keyBelow(prefix, key);
    const other = keys.get(own);
    if (other !== undefined)
      throw storageFault("S3_NAME_COLLISION", { first: other, second: file.path, name: `s3://${bucket}/${own}` });
    keys.set(own, file.path);
    return { file, artifact, location: { bucket, key: own } };
  });
  const marker =
    params.success_marker === undefined ? undefined : { bucket, key: keyBelow(prefix, params.success_marker) };
  if (marker !== undefined && keys.has(marker.key))
    throw storageFault("S3_NAME_COLLISION", {
      first: keys.get(marker.key) ?? "",
      second: "`success_marker`",
      name: path.posix.basename(marker.key),
    });
  return { bucket, prefix, files, marker };
}
