import { homedir } from "node:os";
import path from "node:path";

/**
 * Folder that `datapy plugins:install` installs into: `DATAPY_DATA_DIR`, else `$XDG_DATA_HOME/datapy`, else `~/.local/share/datapy`
 * (Windows: `%LOCALAPPDATA%\datapy`). Absolute; it need not exist.
 */
export function dataDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const given = env["DATAPY_DATA_DIR"];
  if (given !== undefined && given !== "") return path.resolve(given);
  const home = env["HOME"] ?? homedir();
  if (process.platform === "win32") {
    const local = env["LOCALAPPDATA"];
    return path.resolve(local !== undefined && local !== "" ? local : path.join(home, "AppData", "Local"), "datapy");
  }
  const shared = env["XDG_DATA_HOME"];
  return path.resolve(shared !== undefined && shared !== "" ? shared : path.join(home, ".local", "share"), "datapy");
}
