import { existsSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fault } from "@datapy/sdk/errors";

/** Where a package that is to be installed comes from. */
export type PackageSource =
  /** `@scope/name`, `@scope/name@tag`: from the registry. */
  | { readonly kind: "registry"; readonly name: string; readonly tag: string }
  /** A file that `npm pack` made. */
  | { readonly kind: "tarball"; readonly file: string }
  /** Anything else that npm understands and that says where it is: a git or https URL. */
  | { readonly kind: "url"; readonly url: string };

const SCOPED = /^(@[a-z0-9~][\w.~-]*\/[a-z0-9~][\w.~-]*)(?:@(.+))?$/;

/**
 * Understands what was given to `plugins install`. A name without a scope is refused, with the name that was probably meant: on the
 * public registry anybody may own it. So is `owner/repository`, which npm would look for on the web: nobody means it by `./x.tgz`.
 */
export function packageSource(given: string, cwd: string): PackageSource {
  const [, name, tag] = SCOPED.exec(given) ?? [];
  if (name !== undefined) return { kind: "registry", name, tag: tag ?? "latest" };
  if (/^(https?|git(\+\w+)?|ssh):/.test(given)) return { kind: "url", url: given };
  const file = localPath(given, cwd);
  if (existsSync(file)) return localPackage(given, file);
  if (/\.(tgz|tar\.gz)$/.test(given) || /^(file:|[./~\\])/.test(given)) {
    throw fault(
      "DATAPY_PLUGIN_SOURCE",
      { given, detail: `there is no file ${file}` },
      { hint: "Check the path; a tarball is what `npm pack` makes." },
    );
  }
  const [bare = given, version] = given.split("@");
  if (/^[a-z0-9][\w.-]*$/i.test(bare)) {
    const meant = `@datapy/mod-${bare.toLowerCase().replaceAll("_", "-").replace(/^mod-/, "")}${version === undefined ? "" : `@${version}`}`;
    const detail = "a name without a scope may be anybody's on the public registry";
    throw fault(
      "DATAPY_PLUGIN_SOURCE",
      { given, detail },
      {
        hint: `Did you mean \`datapy plugins install ${meant}\`? Packages of others have a scope, too: @acme/mod-${bare}.`,
      },
    );
  }
  const detail = /^[\w.-]+\/[\w.-]+$/.test(given)
    ? "there is no such file, and repositories are named by their whole URL"
    : "this is neither a package, a tarball nor a URL";
  throw fault(
    "DATAPY_PLUGIN_SOURCE",
    { given, detail },
    { hint: "Give @scope/name, a tarball (./mod.tgz), or a URL (https://…, git+ssh://…)." },
  );
}

function localPath(given: string, cwd: string): string {
  if (given.startsWith("file://")) {
    try {
      return fileURLToPath(given);
    } catch {
      return given;
    }
  }
  const bare = given.replace(/^file:/, "").replace(/^~(?=[/\\])/, os.homedir());
  return path.resolve(cwd, bare);
}

function localPackage(given: string, file: string): PackageSource {
  if (!statSync(file).isDirectory()) return { kind: "tarball", file };
  const hint = `Run \`datapy plugins link ${given}\` to use the folder as it stands, or install what \`npm pack\` makes of it.`;
  throw fault("DATAPY_PLUGIN_SOURCE", { given, detail: "this is a folder" }, { hint });
}
