import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** A version of a package on a {@link RegistryServer}. */
interface Published {
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly tarball: Buffer;
}

/**
 * The two routes of an npm registry that an installation needs, on loopback. npm itself is the real one. A whole registry
 * (verdaccio) takes seconds to start and cannot be told to fail; `test/packaging` has that.
 */
export class RegistryServer {
  /** Status that every answer has from now on, instead of the true one; or no answer at all. */
  failing: number | "silence" | undefined;
  private readonly packages = new Map<string, Map<string, Published>>();
  private readonly server: http.Server;

  constructor() {
    this.server = http.createServer((request, response) =>
      this.answer(decodeURIComponent(request.url ?? "/"), response),
    );
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  publish(
    manifest: { readonly name: string; readonly version: string } & Readonly<Record<string, unknown>>,
    tarballFile: string,
  ): void {
    const versions = this.packages.get(manifest.name) ?? new Map<string, Published>();
    versions.set(manifest.version, { manifest, tarball: readFileSync(tarballFile) });
    this.packages.set(manifest.name, versions);
  }

  private answer(url: string, response: http.ServerResponse): void {
    if (this.failing === "silence") return;
    const [, name = "", version] = /^\/(@[^/]+\/[^/]+|[^/]+)(?:\/-\/.+-(\d[^/]*)\.tgz)?$/.exec(url) ?? [];
    const versions = this.packages.get(name);
    if (this.failing !== undefined || versions === undefined) {
      response.writeHead(this.failing ?? 404, { "content-type": "application/json" }).end("{}");
      return;
    }
    if (version !== undefined) {
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(versions.get(version)?.tarball);
      return;
    }
    const documents = [...versions].map(([key, { manifest, tarball }]) => {
      const dist = {
        tarball: `${this.url}/${name}/-/${name.split("/").at(-1) ?? name}-${key}.tgz`,
        integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}`,
      };
      return [key, { ...manifest, dist }] as const;
    });
    const latest = documents.at(-1)?.[0];
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ name, "dist-tags": { latest }, versions: Object.fromEntries(documents) }));
  }
}
