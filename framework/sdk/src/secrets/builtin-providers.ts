import { readFileSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { systemReason } from "../system-reason.js";
import type { SecretProvider } from "./secret-provider.js";

/** `${secret.env.NAME}`: an environment variable. With the option `prefix`, only names that begin with it. */
export const environmentProvider: SecretProvider = {
  read(key, { env, options }) {
    const prefix = typeof options["prefix"] === "string" ? options["prefix"] : "";
    if (!key.startsWith(prefix)) throw new Error(`the project allows only names that begin with ${prefix}`);
    return Object.hasOwn(env, key) ? env[key] : undefined;
  },
};

const MAXIMUM = 65_536;

/**
 * `${secret.file:PATH}`: the text of a file without its last line break, as Docker and Kubernetes mount secrets. With the option
 * `root`, only files inside that folder.
 */
export const fileProvider: SecretProvider = {
  read(key, { directory, options }) {
    const root = typeof options["root"] === "string" ? resolve(directory, options["root"]) : undefined;
    const path = resolve(root ?? directory, key);
    if (root !== undefined) {
      const inside = relative(root, path);
      if (inside.startsWith("..") || isAbsolute(inside))
        throw new Error(`the project allows only files inside ${root}`);
    }
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      throw new Error(`${path} cannot be read: ${systemReason(error)}`, { cause: error });
    }
    if (text.length > MAXIMUM) throw new Error(`${path} is larger than 64 KiB`);
    return text.replace(/\r?\n$/, "");
  },
};
