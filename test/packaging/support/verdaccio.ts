import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import path from "node:path";

/** A running registry. */
export interface LocalRegistry {
  readonly url: string;
  /** Lines for an `.npmrc` that makes npm use it, and allows it to publish. */
  readonly npmrc: string;
  close(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Starts verdaccio on a free port of the loopback, with `folder` for its files. What it has not been given it takes from `uplink`. */
export async function startVerdaccio(folder: string, uplink: string): Promise<LocalRegistry> {
  mkdirSync(folder, { recursive: true });
  const configFile = path.join(folder, "config.yaml");
  const open = { access: "$all", publish: "$all", unpublish: "$all" };
  const config = {
    storage: path.join(folder, "storage"),
    auth: { htpasswd: { file: path.join(folder, "htpasswd"), max_users: -1 } },
    uplinks: { installed: { url: uplink, cache: true, maxage: "1h", timeout: "60s", max_fails: 100 } },
    packages: { "@datapy/*": open, "@acme/*": open, "**": { ...open, proxy: "installed" } },
    web: { enable: false },
    middlewares: {},
    max_body_size: "100mb",
    log: { type: "stdout", format: "pretty", level: "warn" },
  };
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(config));
  const port = await freePort();
  const main = createRequire(__filename).resolve("verdaccio/bin/verdaccio");
  const env = { ...process.env, NODE_OPTIONS: "", HOME: folder, USERPROFILE: folder, no_proxy: "127.0.0.1" };
  const child = spawn(process.execPath, [main, "--config", configFile, "--listen", `127.0.0.1:${port}`], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`verdaccio did not start:\n${output}`);
    }
    const up = await fetch(`${url}/-/ping`).then(
      (response) => response.ok,
      () => false,
    );
    if (up) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    npmrc: `registry=${url}/\n//127.0.0.1:${port}/:_authToken=local\n`,
    close: async () => {
      child.kill();
      await closed;
    },
  };
}
