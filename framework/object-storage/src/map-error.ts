import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import { storageFault } from "./object-storage-errors.js";
import type { ObjectStorageErrorCode } from "./object-storage-errors.js";

/** Where a request went and what for, for the error. */
export interface RequestPlace {
  /** Such as `listing s3://bucket/prefix`. */
  readonly doing: string;
  /** Endpoint, or `Amazon S3`. */
  readonly store: string;
  readonly bucket?: string;
  /** `s3://bucket/key`. */
  readonly what?: string;
}

/** By the store's own code. */
const BY_NAME: Readonly<Record<string, ObjectStorageErrorCode>> = {
  AccessDenied: "S3_ACCESS_DENIED",
  AccountProblem: "S3_ACCESS_DENIED",
  AllAccessDisabled: "S3_ACCESS_DENIED",
  AuthorizationHeaderMalformed: "S3_REGION",
  BadDigest: "S3_CHECKSUM",
  ChecksumMismatch: "S3_CHECKSUM",
  ConditionalRequestConflict: "S3_SERVER",
  CredentialsProviderError: "S3_CREDENTIALS",
  ExpiredToken: "S3_CREDENTIALS",
  ExpiredTokenException: "S3_CREDENTIALS",
  IllegalLocationConstraintException: "S3_REGION",
  InvalidAccessKeyId: "S3_CREDENTIALS",
  InvalidDigest: "S3_CHECKSUM",
  InvalidObjectState: "S3_ARCHIVED",
  InvalidToken: "S3_CREDENTIALS",
  NoSuchBucket: "S3_BUCKET_MISSING",
  NoSuchKey: "S3_OBJECT_MISSING",
  NoSuchUpload: "S3_REQUEST",
  NotImplemented: "S3_UNSUPPORTED",
  PermanentRedirect: "S3_REGION",
  Redirect: "S3_REGION",
  RequestTimeTooSkewed: "S3_CLOCK",
  SignatureDoesNotMatch: "S3_CREDENTIALS",
  TokenRefreshRequired: "S3_CREDENTIALS",
  XAmzContentSHA256Mismatch: "S3_CHECKSUM",
  XAmzContentChecksumMismatch: "S3_CHECKSUM",
};

const NETWORK =
  /^(?:ECONN|EHOST|ENET|ENOTFOUND|EAI_|EPIPE|ETIMEDOUT|EADDR|EPROTO|ECANCELED|UND_ERR|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|HPE_)/;
const NETWORK_NAMES = new Set(["TimeoutError", "NetworkingError", "RequestTimeout"]);

/** What is told by anything that the AWS SDK throws, without depending on its classes. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly errno?: string;
  readonly $fault?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: unknown;
}

/** HTTP status of an error of the SDK. */
export function statusOf(error: unknown): number | undefined {
  return (error as SdkError | undefined)?.$metadata?.httpStatusCode;
}

/** The store's own name of an error. */
export function nameOf(error: unknown): string {
  return (error as SdkError | undefined)?.name ?? "";
}

/** Whether the store refused since there is an object of that key already, or it is not the one that was meant. */
export function isPreconditionFailed(error: unknown): boolean {
  return isDatapyError(error) && statusOf(error.cause) === 412;
}

/** Says in a stable code what the AWS SDK threw. What has a code already, and the reason of an aborted `signal`, stay as they are. */
export function mapError(error: unknown, place: RequestPlace, signal?: AbortSignal): DatapyError {
  if (isDatapyError(error)) return error;
  if (signal?.aborted === true && isDatapyError(signal.reason)) return signal.reason;
  const given = (error ?? {}) as SdkError;
  const status = statusOf(error);
  const name = given.name ?? "";
  // A HEAD has no body, so that its errors have no name of their own.
  const told = name !== "" && name !== "Error" && name !== "UnknownError" && !/^\d+$/.test(name);
  const reason = [
    told ? name : status === undefined ? "" : `HTTP ${String(status)}`,
    (given.message ?? String(error)).replace(/^AWS SDK error wrapper for (?:Error: )?/, ""),
  ]
    .filter((text, index, all) => text !== "" && text !== "UnknownError" && all.indexOf(text) === index)
    .join(": ");
  const details = {
    doing: place.doing,
    store: place.store,
    bucket: place.bucket ?? "",
    what: place.what ?? place.doing,
    reason,
  };
  return storageFault(codeOf(given, status), details, { cause: error });
}

function codeOf(error: SdkError, status: number | undefined): ObjectStorageErrorCode {
  const { name = "", message = "" } = error;
  // The SDK wraps some errors of the network, and drops their codes.
  const code = error.code ?? /\bE[A-Z_]{4,}\b/.exec(message)?.[0] ?? "";
  const known = BY_NAME[name];
  if (known !== undefined) return known;
  if (
    /credential|NoSuchUser|UserNotFound|token.*expired|could not load/i.test(
      `${name} ${status === undefined ? message : ""}`,
    )
  )
    return "S3_CREDENTIALS";
  if (status === undefined || NETWORK.test(code)) {
    if (NETWORK.test(code) || NETWORK_NAMES.has(name) || /socket hang up|aborted/i.test(message)) return "S3_CONNECT";
    return "S3_REQUEST";
  }
  if (status === 401 || status === 403) return "S3_ACCESS_DENIED";
  if (status === 404) return "S3_OBJECT_MISSING";
  if (status === 301 || status === 307) return "S3_REGION";
  if (status === 408 || status === 429 || status >= 500) return status === 501 ? "S3_UNSUPPORTED" : "S3_SERVER";
  if (name === "SlowDown" || name === "RequestTimeout" || name === "OperationAborted") return "S3_SERVER";
  return "S3_REQUEST";
}
