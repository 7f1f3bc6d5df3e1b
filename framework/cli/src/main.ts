import path from "node:path";
import { hostPlugin } from "./host-plugin.js";
import { watchSignals } from "./cancellation.js";
import { run, settings } from "./oclif.js";
import { discardRunner, runnerStarted } from "./run/early-runner.js";

/** Folder of this package: where oclif finds package.json and the manifest of commands. */
const ROOT = path.join(__dirname, "..");

/**
 * Runs one invocation of `datapy` and sets `process.exitCode` to one of 0, 10, 20, 30, 40 and 50. The process ends by itself once
 * everything is written, so that no output is lost.
 */
export async function main(argv: string[] = process.argv.slice(2)): Promise<void> {
  const fail = async (error: unknown): Promise<void> => {
    discardRunner();
    const { failureForm, reportFailure } = await import("./errors/report-failure.js");
    process.exitCode = await reportFailure(error, failureForm(argv));
  };
  const failAndExit = (error: unknown): void => {
    // eslint-disable-next-line no-restricted-properties -- all is written by then, and what still runs is not to go on
    void fail(error).finally(() => process.exit());
  };
  process.on("uncaughtException", failAndExit);
  // A reader that has gone away (`| head`) is no error.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreBrokenPipe);
  // While a runner is there, its supervisor acts on the signals.
  const unwatch = runnerStarted() ? () => undefined : watchSignals((signal) => void canceled(signal).then(failAndExit));
  // oclif would else look for a TypeScript set-up whenever NODE_ENV is `test` or `development`.
  settings.enableAutoTranspile = false;
  try {
    const plugin = hostPlugin(ROOT);
    // Installed mods carry no commands; the registry finds them without oclif.
    await run(argv, {
      root: ROOT,
      userPlugins: false,
      devPlugins: false,
      plugins: plugin && new Map([[plugin.name, plugin]]),
    });
    process.exitCode ??= 0;
  } catch (error) {
    await fail(error);
  } finally {
    unwatch();
  }
}

async function canceled(signal: string): Promise<Error> {
  const { fault } = await import("@datapy/sdk/errors");
  return fault("DATAPY_CANCELED", { cause: signal });
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
