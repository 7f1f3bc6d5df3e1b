import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { create } from "tar";

interface LockEntry {
  readonly version?: string;
  readonly link?: boolean;
}

/** A registry that gives exactly what is installed in a repository. */
export interface InstalledPackagesRegistry {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves what stands in `node_modules` of `root` as a registry would: so that packages of the repository can be installed elsewhere
 * with the very versions that the lock file names, and without any network. A package that is not installed here (the native part for
 * another system) is not there.
 *
 * @param root repository root, with `package-lock.json`
 * @param work folder for the archives that it makes
 */
export async function serveInstalledPackages(root: string, work: string): Promise<InstalledPackagesRegistry> {
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockEntry>;
  };
  const folders = new Map<string, Map<string, string>>();
  for (const [place, entry] of Object.entries(lock.packages)) {
    const name = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place)?.[1];
    if (
      name === undefined ||
      entry.link === true ||
      entry.version === undefined ||
      !existsSync(path.join(root, place, "package.json"))
    )
      continue;
    const versions = folders.get(name) ?? new Map<string, string>();
    if (!versions.has(entry.version)) versions.set(entry.version, path.join(root, place));
    folders.set(name, versions);
  }
  const archives = new Map<string, Promise<string>>();

  const archive = (name: string, version: string, folder: string): Promise<string> => {
    const file = path.join(work, name, "-", `${path.posix.basename(name)}-${version}.tgz`);
    mkdirSync(path.dirname(file), { recursive: true });
    const made =
      archives.get(file) ??
      create(
        {
          cwd: folder,
          file,
          gzip: { level: 1 },
          portable: true,
          prefix: "package",
          // What a package bundles is its own; any other nested folder was put there by npm.
          filter: (entry) => !/^(\.\/)?node_modules(\/|$)/.test(entry) || bundles(folder),
        },
        ["."],
      ).then(() => file);
    archives.set(file, made);
    return made;
  };

  const document = async (name: string): Promise<object | undefined> => {
    const versions = folders.get(name);
    if (versions === undefined) return undefined;
    const entries = await Promise.all(
      [...versions].map(async ([version, folder]) => {
        const file = await archive(name, version, folder);
        const content = readFileSync(file);
        const dist = {
          tarball: `${url}/${name}/-/${path.basename(file)}`,
          shasum: createHash("sha1").update(content).digest("hex"),
          integrity: `sha512-${createHash("sha512").update(content).digest("base64")}`,
        };
        return [version, { ...manifestOf(folder), _id: `${name}@${version}`, dist }] as const;
      }),
    );
    const latest = [...versions.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
    return { _id: name, name, "dist-tags": { latest }, versions: Object.fromEntries(entries) };
  };

  const server = createServer((request, response) => {
    const asked = decodeURIComponent(new URL(request.url ?? "/", url).pathname).slice(1);
    const answer = async (): Promise<void> => {
      if (asked.endsWith(".tgz") && !asked.includes("..") && existsSync(path.join(work, asked))) {
        response
          .writeHead(200, { "content-type": "application/octet-stream" })
          .end(readFileSync(path.join(work, asked)));
        return;
      }
      const found = await document(asked);
      response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(found ?? { error: "not found" }));
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const url = await listen(server);
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function manifestOf(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Record<string, unknown>;
}

function bundles(folder: string): boolean {
  const manifest = manifestOf(folder);
  return manifest["bundleDependencies"] !== undefined || manifest["bundledDependencies"] !== undefined;
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
