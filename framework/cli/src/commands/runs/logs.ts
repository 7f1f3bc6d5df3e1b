import { readRunLog, resolveRunId } from "@datapy/sdk/ledger";
import type { RunRecord } from "@datapy/sdk/ledger";
import { fault } from "@datapy/sdk/errors";
import { BaseCommand } from "../../base-command.js";
import { onCancel } from "../../cancellation.js";
import { Args, Flags } from "../../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";
import { printLogLine } from "../../runs/print-log-line.js";

export default class RunsLogs extends BaseCommand {
  static override summary = "Print the log lines of a run or a session.";
  static override description =
    "Readable lines on a terminal, the JSON lines of the log file otherwise. With `--follow`, goes on until the run has ended.";
  static override examples = [
    { description: "The log of a run:", command: "<%= config.bin %> <%= command.id %> csv-reader_1a2b3c4d" },
    {
      description: "What a run says while it is going on:",
      command: "<%= config.bin %> <%= command.id %> 1a2b3c4d -f",
    },
  ];
  static override args = {
    id: Args.string({ required: true, description: "Id of a run or a session, or a part of a run's that is unique." }),
  };
  static override flags = {
    follow: Flags.boolean({ char: "f", description: "Goes on with lines as they are written." }),
    format: Flags.string({
      options: ["json", "pretty"],
      description: "How lines look. Default: pretty on a terminal, else json.",
    }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunsLogs);
    const workPath = await findWorkPath(flags["work-path"]);
    const found = resolveRunId(workPath, args.id);
    const runs: readonly RunRecord[] = found.kind === "run" ? [found.run] : found.runs;
    const [first] = runs;
    if (first === undefined) throw fault("DATAPY_RUN_UNKNOWN", { id: args.id, folder: workPath });
    const stop = new AbortController();
    const forget = onCancel(() => {
      stop.abort();
    });
    try {
      const lines = readRunLog({
        file: first.logFile,
        runId: found.kind === "run" ? first.summary.run_id : undefined,
        follow: flags.follow ? { isOver: () => isOver(workPath, args.id), signal: stop.signal } : undefined,
      });
      const pretty = (flags.format ?? (process.stdout.isTTY ? "pretty" : "json")) === "pretty";
      for await (const line of lines) await printLogLine(line, pretty);
      if (stop.signal.aborted) this.setExitCode(50);
    } finally {
      forget();
    }
  }
}

function isOver(workPath: string, id: string): boolean {
  const found = resolveRunId(workPath, id);
  const runs = found.kind === "run" ? [found.run] : found.runs;
  return runs.every((run) => run.summary.status !== "running");
}
