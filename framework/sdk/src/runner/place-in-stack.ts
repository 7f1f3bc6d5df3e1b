import { pathToFileURL } from "node:url";
import type { SourceLocation } from "@datapy/mod-kit";
import { UnparsedCode } from "../contract/import-file.js";

/** The place in `file` that an error came through, as its stack names it; the file alone where the stack does not. */
export function placeInStack(error: unknown, file: string): SourceLocation {
  if (error instanceof UnparsedCode) return error.location;
  const stack = (error as { readonly stack?: unknown } | null | undefined)?.stack;
  if (typeof stack !== "string") return { file };
  for (const name of [pathToFileURL(file).href, file]) {
    const [, line, column] =
      new RegExp(`${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}:(\\d+)(?::(\\d+))?`).exec(stack) ?? [];
    if (line !== undefined)
      return { file, line: Number(line), ...(column === undefined ? {} : { column: Number(column) }) };
  }
  return { file };
}
