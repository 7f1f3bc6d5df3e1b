import { DatapyError } from "@datapy/mod-kit";
import type { ErrorExitCode } from "@datapy/mod-kit";

interface ErrorRow {
  readonly exitCode: ErrorExitCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** Every error of the mods that use object storage, by its stable code. `{name}` places are filled from the details. Keep it sorted by code. */
export const OBJECT_STORAGE_ERRORS = {
  S3_ACCESS_DENIED: {
    exitCode: 30,
    message: "the store refused access while {doing}: {reason}",
    hint: "Check the policies of the user or role, and of the bucket and its key.",
  },
  S3_ARCHIVED: {
    exitCode: 30,
    message: "{what} stands in an archive class and cannot be read: {reason}",
    hint: "Restore the object first, and run again when the restore is done.",
  },
  S3_BUCKET_MISSING: {
    exitCode: 20,
    message: "there is no bucket {bucket} at {store}",
    hint: "Check `bucket`, `region` and `endpoint_url`.",
  },
  S3_CHECKSUM: {
    exitCode: 30,
    message: "{what} is not what was sent: {reason}",
    hint: "Nothing damaged was kept. Run again; when it happens again, look for a fault of disk, memory or network.",
    retryable: true,
  },
  S3_CLOCK: {
    exitCode: 30,
    message: "the store refused a request because this machine's clock is off: {reason}",
    hint: "Set the clock of this machine.",
  },
  S3_CONNECT: {
    exitCode: 30,
    message: "cannot reach {store} while {doing}: {reason}",
    hint: "Check `endpoint_url`, `region`, proxy and network.",
    retryable: true,
  },
  S3_CREDENTIALS: {
    exitCode: 30,
    message: "the store does not accept the credentials: {reason}",
    hint: "Give `access_key_id` and `secret_access_key`, a `profile`, or what else the AWS credential chain reads.",
  },
  S3_DISK_FULL: {
    exitCode: 30,
    message: "no room to write {file}: {reason}",
    hint: "Nothing of this file was kept. Make room and run again.",
  },
  S3_EMPTY: {
    exitCode: 20,
    message: "nothing to do: {reason}",
    hint: "Check the pattern; `on_empty: ok` or `warn` takes an empty result as it is.",
  },
  S3_EXISTS: {
    exitCode: 30,
    message: "{what} exists already, and `overwrite` is `{policy}`",
    hint: "Nothing was overwritten. Choose another key, or `overwrite: changed`.",
  },
  S3_FILE: {
    exitCode: 20,
    message: "{file}: {reason}",
    hint: "Check the path and its permissions.",
  },
  S3_FILE_CHANGED: {
    exitCode: 30,
    message: "{file} was changed while it was read",
    hint: "Nothing was kept of it. Upload files that are finished: write them under another name and rename them.",
    retryable: true,
  },
  S3_INPUT_INVALID: {
    exitCode: 20,
    message: "the parameters do not fit together: {reason}",
    hint: "See the parameters of the mod with `datapy mods info`.",
  },
  S3_KEY_UNSAFE: {
    exitCode: 20,
    message: "the key {key} is not allowed: {reason}",
    hint: "A key must stay below its prefix, and a local file below `output_path`, whoever reads it. Rename it.",
  },
  S3_NAME_COLLISION: {
    exitCode: 20,
    message: "{first} and {second} would both become {name}",
    hint: "Tell them apart, for instance with `{path}` in `key_template`, or read them into different folders.",
  },
  S3_OBJECT_CHANGED: {
    exitCode: 30,
    message: "{what} was replaced while it was read",
    hint: "Nothing of it was kept. Run again.",
    retryable: true,
  },
  S3_OBJECT_MISSING: {
    exitCode: 20,
    message: "there is no object {what}",
    hint: "Keys are compared letter for letter.",
  },
  S3_REGION: {
    exitCode: 20,
    message: "the bucket is in another region: {reason}",
    hint: "Set `region` to the bucket's own.",
  },
  S3_REQUEST: {
    exitCode: 30,
    message: "the store refused a request while {doing}: {reason}",
    hint: "Correct what the message names; it and its code are the store's own.",
  },
  S3_SERVER: {
    exitCode: 30,
    message: "the store failed while {doing}: {reason}",
    hint: "This may pass by itself. Raise `max_retries` to try for longer.",
    retryable: true,
  },
  S3_TEMPLATE_INVALID: {
    exitCode: 20,
    message: "the key template {template} is not valid: {reason}",
    hint: "Write `{{` and `}}` for braces that stand for themselves.",
  },
  S3_UNENCRYPTED: {
    exitCode: 30,
    message: "the store did not encrypt {what} as asked: {reason}; {state}",
    hint: "Use a store or a bucket that encrypts so, leave out `server_side_encryption`, or set `on_unencrypted: warn` to keep such objects.",
  },
  S3_UNSUPPORTED: {
    exitCode: 20,
    message: "the store cannot do this while {doing}: {reason}",
    hint: "Leave the option out, or use a store that knows it.",
  },
  S3_URI_INVALID: {
    exitCode: 20,
    message: "{uri} is no address in a store: {reason}",
    hint: "An address reads s3://bucket/key.",
  },
} as const satisfies Record<string, ErrorRow>;

/** A code of {@link OBJECT_STORAGE_ERRORS}. */
export type ObjectStorageErrorCode = keyof typeof OBJECT_STORAGE_ERRORS;

/** Makes the error of a code, its places filled from `details`. */
export function storageFault(
  code: ObjectStorageErrorCode,
  details: Readonly<Record<string, string | number>> = {},
  context: { readonly cause?: unknown; readonly hint?: string; readonly retryable?: boolean } = {},
): DatapyError {
  const row: ErrorRow = OBJECT_STORAGE_ERRORS[code];
  return new DatapyError({
    code,
    message: row.message.replace(/\{(\w+)\}/g, (place, name: string) => String(details[name] ?? place)),
    hint: context.hint ?? row.hint,
    exitCode: row.exitCode,
    retryable: context.retryable ?? row.retryable ?? false,
    cause: context.cause,
  });
}
