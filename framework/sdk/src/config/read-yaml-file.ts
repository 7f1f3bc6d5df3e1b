import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { missingFileHint } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import { systemReason } from "../system-reason.js";
import { YAML_LIMITS } from "./parse-yaml.js";

/**
 * The text of a YAML file, without a byte order mark. Never reads more than a YAML text may hold, so that a pipe
 * (`-p <(make-params)`) or a device serves as well as a file.
 *
 * @throws DatapyError `DATAPY_FILE_NOT_FOUND`, `DATAPY_FILE_UNREADABLE`, `DATAPY_YAML_TOO_LARGE`, exit code 20.
 */
export function readYamlFile(path: string, cwd: string): string {
  let bytes: Buffer;
  try {
    bytes = readAtMost(path, YAML_LIMITS.bytes + 1);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw fault(
        "DATAPY_FILE_NOT_FOUND",
        { path, cwd },
        { cause: error, hint: `${missingFileHint(path)} A relative path is taken from the working directory, ${cwd}.` },
      );
    throw fault("DATAPY_FILE_UNREADABLE", { path, detail: reasonOf(code, error) }, { cause: error });
  }
  if (bytes.length > YAML_LIMITS.bytes)
    throw fault("DATAPY_YAML_TOO_LARGE", { limit: "4 MiB" }, { location: { file: path } });
  if (!isUtf8(bytes)) throw notUtf8(path, bytes);
  const text = bytes.toString("utf8");
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** Says where: in a text of another encoding most lines are sound. */
function notUtf8(path: string, bytes: Buffer): DatapyError {
  const before = bytes.toString("utf8").split("\ufffd", 1)[0] ?? "";
  const line = before.split("\n").length;
  const column = before.length - before.lastIndexOf("\n");
  return fault(
    "DATAPY_FILE_UNREADABLE",
    { path, detail: "it is not UTF-8 text" },
    { location: { file: path, line, column } },
  );
}

function readAtMost(path: string, most: number): Buffer {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const chunks: Buffer[] = [];
    let total = 0;
    while (total < most) {
      const chunk = Buffer.allocUnsafe(Math.min(most - total, Math.max(size + 1, 4_096)));
      const read = readSync(file, chunk, 0, chunk.length, null);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      total += read;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
}

function reasonOf(code: string | undefined, error: unknown): string {
  if (code === "EISDIR") return "it is a directory";
  if (code === "EACCES" || code === "EPERM") return "this user may not read it";
  return systemReason(error);
}
