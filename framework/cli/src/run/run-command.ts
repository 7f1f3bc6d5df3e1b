import type { RunnerInvocation, RunnerRequest } from "@datapy/sdk/runner-protocol";
import { CANCEL_SIGNALS } from "@datapy/sdk/start-runner";
import type { StartedRunner } from "@datapy/sdk/start-runner";
import { supervise } from "@datapy/sdk/supervise";
import { BaseCommand } from "../base-command.js";
import { Flags } from "../oclif.js";
import { takeRunner } from "./early-runner.js";
import { reportEnvelope } from "./report-envelope.js";
import { parseTimeout } from "./parse-timeout.js";
import { readStdin } from "./read-stdin.js";

/** Flags that every `run-*` command takes. */
export const RUN_FLAGS = {
  params: Flags.string({
    char: "p",
    helpValue: "FILE",
    description:
      "YAML file of parameters: the mod's own, or a job file with `globals:` and `mods:`. `-` reads standard input.",
  }),
  set: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "KEY=VALUE",
    description: "Set one parameter, over everything else; VALUE is read as YAML. May be given many times.",
  }),
  env: Flags.string({
    helpValue: "NAME",
    description: "Environment of project_defaults.yaml to use. Default: DATAPY_ENV.",
  }),
  timeout: Flags.string({
    helpValue: "TIME",
    description: "End the run after this time with exit code 40: seconds, or 500ms, 30s, 5m, 1h 30m.",
  }),
  "log-level": Flags.string({
    helpValue: "LEVEL",
    description: "Least severe log lines to write: debug, info, warning or error.",
  }),
  "log-format": Flags.option({
    options: ["json", "pretty"] as const,
    description: "How log lines look on stderr. Default: pretty on a terminal, else json.",
  })(),
  "metrics-file": Flags.string({
    helpValue: "FILE",
    description: "Write the run's metrics there too, as Prometheus text.",
  }),
  json: Flags.boolean({ description: "Accepted for uniformity: the result is JSON in any case." }),
};

/** Values of {@link RUN_FLAGS}. */
export interface RunFlags {
  readonly params?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly env?: string | undefined;
  readonly timeout?: string | undefined;
  readonly "log-level"?: string | undefined;
  readonly "log-format"?: "json" | "pretty" | undefined;
  readonly "metrics-file"?: string | undefined;
}

/**
 * A command that runs mods: it hands a request to the runner process and lets the supervisor speak. Standard output carries one
 * result envelope, whatever happens; `main` prints that of a command line that could not be read.
 */
export abstract class RunCommand extends BaseCommand {
  /** Has the runner process do `make(…)`; ends with the run's exit code. `subject` names it in a timeout. */
  protected async supervise(
    flags: RunFlags,
    subject: string,
    make: (invocation: RunnerInvocation) => RunnerRequest,
  ): Promise<void> {
    const timeoutMs = flags.timeout === undefined ? undefined : await parseTimeout(flags.timeout);
    const runner = takeRunner();
    try {
      const request = make(await this.invocation(flags, timeoutMs, runner, subject));
      // The supervisor acts on signals while the run lasts. One that comes later must not replace the exit code of what has ended.
      for (const signal of CANCEL_SIGNALS) process.on(signal, ignore);
      const { exitCode, envelope } = await supervise(runner, request);
      this.setExitCode(exitCode);
      if (exitCode !== 0) await reportEnvelope(envelope);
    } catch (error) {
      runner.dispose();
      throw error;
    }
  }

  private async invocation(
    flags: RunFlags,
    timeoutMs: number | undefined,
    runner: StartedRunner,
    subject: string,
  ): Promise<RunnerInvocation> {
    const { params, set, env } = flags;
    const file =
      params === undefined
        ? undefined
        : params === "-"
          ? { name: "<stdin>", text: await readStdin({ runner, timeoutMs, subject }) }
          : { path: params };
    return {
      cwd: process.cwd(),
      configuration: {
        ...(file === undefined ? {} : { file }),
        ...(set === undefined ? {} : { sets: set }),
        ...(env === undefined ? {} : { environmentName: env }),
      },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(flags["log-level"] === undefined ? {} : { logLevel: flags["log-level"] }),
      ...(flags["log-format"] === undefined ? {} : { logFormat: flags["log-format"] }),
      ...(flags["metrics-file"] === undefined ? {} : { metricsFile: flags["metrics-file"] }),
    };
  }
}

function ignore(): void {
  // The process is about to end.
}
