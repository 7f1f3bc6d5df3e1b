import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Whether a path is a URL (`s3://…`, `file:///…`), which is left as it is. */
export function isUrl(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
}

/** A path made absolute against `base`; `~` at its beginning is the user's home. URLs pass unchanged. */
export function absolutePath(path: string, base: string): string {
  if (isUrl(path)) return path;
  if (path === "~") return homedir();
  return /^~[\\/]/.test(path) ? join(homedir(), path.slice(2)) : resolve(base, path);
}
