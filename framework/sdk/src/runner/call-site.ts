import { fileURLToPath } from "node:url";
import type { SourceLocation } from "@datapy/mod-kit";

/**
 * Where `called` was called, for the moment when somebody asks: the stack is kept, and made text only then. To be used before the first
 * `await` of `called`.
 */
export function callSiteOf(called: (...args: never[]) => unknown): () => SourceLocation | undefined {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, called);
  return () => {
    for (const line of holder.stack?.split("\n") ?? []) {
      const [, file, row] = /^\s+at (?:.*\()?(?:async )?(\S.*?):(\d+):\d+\)?$/.exec(line) ?? [];
      if (file === undefined || file.startsWith("node:")) continue;
      // The column is of what the script was compiled to.
      return { file: file.startsWith("file://") ? fileURLToPath(file) : file, line: Number(row) };
    }
    return undefined;
  };
}
