import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ModLogger } from "@datapy/mod-kit";
import { createLogger } from "./session-log.js";
import { currentLogScope, keepEarlyLine } from "./session-scope.js";

/**
 * A logger by the specification's `setup_logger`: it finds the session (and inside a mod the run) by itself, anew for every line,
 * so it may be made anywhere, also at the top of a module that is imported before there is a session.
 *
 * @param name who speaks, the `logger` of each line; of a file path or `import.meta.url`, the file's name is taken
 */
export function setupLogger(name: string): ModLogger {
  const logger = shortName(name);
  return createLogger((level, message, fields) => {
    const scope = currentLogScope();
    const line = { at: new Date(), level, message, context: { ...scope?.context, logger }, fields };
    if (scope === undefined) keepEarlyLine(line);
    else scope.log.write(line);
  });
}

function shortName(name: string): string {
  const file = name.startsWith("file:") ? fileURLToPath(name) : name;
  return path.isAbsolute(file) ? path.basename(file, path.extname(file)) : file;
}
