import path from "node:path";
import { fault } from "@datapy/sdk/errors";
import { runNodeScript } from "../child-process.js";
import { npmScript } from "./npm.js";
import type { OclifPluginsOutcome } from "./oclif-plugins-process.js";
import { withoutCredentials } from "./without-credentials.js";

/**
 * Runs a command of `@oclif/plugin-plugins`, its output on standard error. Throws `DATAPY_PLUGIN_NOT_A_MOD` for a package that oclif
 * takes for no plugin, and `DATAPY_PLUGIN_NPM_FAILED` for all else that goes wrong.
 */
export async function runOclifPlugins(id: string, argv: readonly string[], cwd: string): Promise<void> {
  const script = path.join(__dirname, "oclif-plugins-process.js");
  // oclif and npm print the address of what they install.
  const secret = argv.some((one) => withoutCredentials(one) !== one);
  const options = { cwd, stdout: "stderr" as const, ...(secret ? { filter: withoutCredentials } : {}) };
  const { message, code } = await runNodeScript(script, [id, ...argv], options);
  const outcome = message as OclifPluginsOutcome | undefined;
  if (outcome?.ok === true) return;
  if (outcome?.invalid === true) {
    throw fault("DATAPY_PLUGIN_NOT_A_MOD", {
      package: argv.at(-1) ?? "the package",
      detail: 'its package.json has no "oclif" key',
    });
  }
  const detail = (outcome?.message ?? `exit code ${String(code)}`).replace(
    `${process.execPath} ${npmScript()} `,
    "npm ",
  );
  throw fault("DATAPY_PLUGIN_NPM_FAILED", { detail: withoutCredentials(detail) });
}
