import { createRequire } from "node:module";
import path from "node:path";
import { fault } from "@datapy/sdk/errors";
import { runNodeScript } from "../child-process.js";
import { withoutCredentials } from "./without-credentials.js";

/** What a package says of itself, as far as it matters here. */
export interface PackageDescription {
  readonly name: string;
  readonly version: string;
  readonly oclif?: unknown;
  readonly datapy?: unknown;
}

/** npm's words for "there is no such package or version". */
const NOT_FOUND = new Set(["E404", "ETARGET", "ENOVERSIONS", "EINVALIDTAGNAME", "EINVALIDPACKAGENAME"]);

/** The npm that oclif's plugin commands run, so that both see the same settings. */
export function npmScript(): string {
  const require = createRequire(createRequire(__filename).resolve("@oclif/plugin-plugins"));
  return path.join(path.dirname(require.resolve("npm/package.json")), "bin", "npm-cli.js");
}

/**
 * Asks the registry for a package, with npm's settings of `dataDirectory`. Throws `DATAPY_PLUGIN_NOT_FOUND` where the registry has no
 * such package or version, and `DATAPY_PLUGIN_NPM_FAILED` where it could not be asked.
 */
export async function viewPackage(
  specifier: string,
  dataDirectory: string,
  registry: string | undefined,
): Promise<PackageDescription> {
  const fields = ["name", "version", "oclif", "datapy"];
  const flags = ["--json", "--loglevel=silent", ...(registry === undefined ? [] : [`--registry=${registry}`])];
  const outcome = await runNodeScript(npmScript(), ["view", specifier, ...fields, ...flags], {
    cwd: dataDirectory,
    stdout: "capture",
  });
  const answer = parse(outcome.stdout);
  const error = (answer as { error?: { code?: string; summary?: string } } | undefined)?.error;
  if (error?.code !== undefined && NOT_FOUND.has(error.code))
    throw fault("DATAPY_PLUGIN_NOT_FOUND", { package: specifier });
  if (outcome.code !== 0 || error !== undefined) {
    throw fault("DATAPY_PLUGIN_NPM_FAILED", {
      detail: withoutCredentials(error?.summary ?? error?.code ?? `exit code ${String(outcome.code)}`),
    });
  }
  // Several versions fit a range: npm installs the newest, which comes last.
  const found: unknown = Array.isArray(answer) ? answer.at(-1) : answer;
  if (!isDescription(found)) throw fault("DATAPY_PLUGIN_NOT_FOUND", { package: specifier });
  return found;
}

/** Makes `<dataDirectory>/node_modules` what its package.json and lock file say. */
export async function reinstallAll(dataDirectory: string): Promise<void> {
  const flags = ["--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const outcome = await runNodeScript(npmScript(), ["install", ...flags], { cwd: dataDirectory, stdout: "capture" });
  if (outcome.code !== 0) throw fault("DATAPY_PLUGIN_NPM_FAILED", { detail: `exit code ${String(outcome.code)}` });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether `value` has the parts of a {@link PackageDescription} that must be there. */
export function isDescription(value: unknown): value is PackageDescription {
  if (typeof value !== "object" || value === null) return false;
  const { name, version } = value as { name?: unknown; version?: unknown };
  return typeof name === "string" && typeof version === "string";
}
