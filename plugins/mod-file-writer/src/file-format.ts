import path from "node:path";
import type { WriterParameters } from "./parameters.js";
import { writerError } from "./writer-error.js";

/** What a file is to be. */
export interface FileFormat {
  readonly kind: "csv" | "json" | "ndjson" | "parquet" | "xlsx";
  readonly compression: "none" | "gzip" | "zstd" | "snappy";
  /** Of the files in a partitioned folder, without its dot: `csv.gz`. */
  readonly extension: string;
  readonly delimiter: string;
}

const BY_EXTENSION: Readonly<Record<string, "csv" | "tsv" | "json" | "ndjson" | "parquet" | "xlsx">> = {
  ".csv": "csv",
  ".txt": "csv",
  ".tsv": "tsv",
  ".tab": "tsv",
  ".json": "json",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".parquet": "parquet",
  ".pq": "parquet",
  ".xlsx": "xlsx",
};

/** Format of the target, by its name where it is not said. Throws `FILE_WRITER_FORMAT` (20). */
export function fileFormat(params: WriterParameters): FileFormat {
  const name = path.basename(params.output_path).toLowerCase();
  const packed = /\.(?:gz|gzip)$/.test(name) ? "gzip" : /\.(?:zst|zstd)$/.test(name) ? "zstd" : undefined;
  const plain = packed === undefined ? name : name.replace(/\.[a-z]+$/, "");
  const named = params.format === "auto" ? BY_EXTENSION[path.extname(plain)] : params.format;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(params.output_path)) {
    throw writerError(
      "FILE_WRITER_FORMAT",
      `${params.output_path} is no path of this machine`,
      "Write a file here, and load it up with s3-uploader.",
    );
  }
  if (named === undefined) {
    throw writerError(
      "FILE_WRITER_FORMAT",
      `the format of ${params.output_path} cannot be told from its name`,
      "Set `format`: csv, tsv, json, ndjson, parquet or xlsx.",
    );
  }
  const kind = named === "tsv" ? "csv" : named;
  const compression =
    params.compression !== "auto" ? params.compression : (packed ?? (kind === "parquet" ? "snappy" : "none"));
  if (kind === "xlsx" && (compression !== "none" || params.partition_by !== undefined)) {
    throw writerError(
      "FILE_WRITER_FORMAT",
      "an Excel file is compressed by itself and cannot be partitioned",
      "Leave `compression` and `partition_by` out.",
    );
  }
  if (compression === "snappy" && kind !== "parquet") {
    throw writerError(
      "FILE_WRITER_FORMAT",
      `${kind} files cannot be compressed with snappy`,
      "Set `compression: gzip` or `zstd`.",
    );
  }
  const suffix = kind === "parquet" || compression === "none" ? "" : compression === "gzip" ? ".gz" : ".zst";
  return {
    kind,
    compression,
    extension: `${named}${suffix}`,
    delimiter: delimiterOf(params, named === "tsv" ? "\t" : ","),
  };
}

function delimiterOf(params: WriterParameters, byDefault: string): string {
  const given = params.delimiter === "tab" || params.delimiter === "\\t" ? "\t" : (params.delimiter ?? byDefault);
  const special = [given, params.quote, params.escape ?? params.quote].filter((one) => one !== "");
  const odd = special.find((one) => !/^[\x01-\x09\x0b\x0c\x0e-\x7f]$/.test(one));
  if (odd !== undefined || given === params.quote || given === params.escape) {
    throw writerError(
      "FILE_WRITER_FORMAT",
      odd === undefined
        ? `${JSON.stringify(given)} cannot be both delimiter and quote or escape`
        : `${JSON.stringify(odd)} is not one ASCII character that is no line end`,
      "Choose other characters for delimiter, quote and escape.",
    );
  }
  return given;
}
