import type { RunJobRequest } from "@datapy/sdk/runner-protocol";
import { Args, Flags } from "../oclif.js";
import { discardRunner } from "../run/early-runner.js";
import { RUN_FLAGS, RunCommand } from "../run/run-command.js";

const { params: _params, ...JOB_FLAGS } = RUN_FLAGS;

export default class RunJob extends RunCommand {
  static override summary = "Run a job file, and print the result envelope of the job.";
  static override description = `Runs the mods of a job file: those under \`mods:\` one after the other, each table going into the next mod; the steps under \`steps:\` as soon as what they need has finished. Standard output carries one JSON envelope with every step under \`steps\`. What is wrong with the job is said before anything runs.

A step or mod behind the file runs that one alone. --select takes step, +step (with all before it), step+ (with all after it), tag:NAME and globs; what selects nothing is an error. --from STEP runs a step and all after it on what the last run made before it.

--resume goes on with a session that did not finish: finished steps are not run again, and globals, variables and environment are those of its start. What differs since is listed and needs --accept-changes.

Exit codes: the worst that counts of its steps; 10 with warnings, 20 where nothing could begin, 40 timeout, 50 canceled.`;
  static override examples = [
    { description: "Run a job:", command: "<%= config.bin %> <%= command.id %> daily_customer_etl.yaml" },
    {
      description: "One of its mods:",
      command: "<%= config.bin %> <%= command.id %> daily_customer_etl.yaml csv_reader",
    },
    { description: "See what it would do:", command: "<%= config.bin %> <%= command.id %> warehouse.yaml --dry-run" },
    {
      description: "A part of it:",
      command: "<%= config.bin %> <%= command.id %> warehouse.yaml --select 'orders+' --select tag:nightly",
    },
    {
      description: "Go on after a failure:",
      command: "<%= config.bin %> <%= command.id %> warehouse.yaml --resume last",
    },
  ];
  static override args = {
    file: Args.string({ required: true, description: "Job file. `-` reads standard input." }),
    step: Args.string({ description: "One step to run, by its id or by its mod." }),
  };
  static override flags = {
    ...JOB_FLAGS,
    select: Flags.string({
      char: "s",
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "STEPS",
      description: "Run only these: step, +step, step+, +step+, tag:NAME, globs. May be given many times.",
    }),
    from: Flags.string({
      helpValue: "STEP",
      description: "Run this step and all after it; what it needs comes from the last run.",
    }),
    "dry-run": Flags.boolean({ description: "Print the plan and run nothing; with --json as JSON." }),
    mermaid: Flags.boolean({ description: "With --dry-run: print the plan as a Mermaid flowchart." }),
    "max-parallel": Flags.integer({ min: 1, helpValue: "N", description: "Steps that run at once." }),
    "on-empty": Flags.option({
      options: ["ok", "warn", "fail"] as const,
      description:
        "What a source without rows means, for every mod that has the parameter on_empty, and a foreach without items.",
    })(),
    resume: Flags.string({
      helpValue: "SESSION",
      description: "Go on with this session of the job, or with its `last` one.",
    }),
    "accept-changes": Flags.boolean({
      description: "With --resume: run anew what has changed since, and go on with the rest.",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunJob);
    if (flags["dry-run"] || flags.mermaid) return this.showPlan(args, flags);
    await this.supervise({ ...flags, params: args.file }, args.file, (invocation): RunJobRequest => {
      const { select, from, resume } = flags;
      return {
        kind: "run-job",
        ...invocation,
        ...(args.step === undefined ? {} : { step: args.step }),
        ...(select === undefined ? {} : { select }),
        ...(from === undefined ? {} : { from }),
        ...(resume === undefined ? {} : { resume }),
        ...(flags["max-parallel"] === undefined ? {} : { maxParallel: flags["max-parallel"] }),
        ...(flags["on-empty"] === undefined ? {} : { onEmpty: flags["on-empty"] }),
        ...(flags["accept-changes"] ? { acceptChanges: true } : {}),
      };
    });
  }

  /** Needs no runner. */
  private async showPlan(
    args: { readonly file: string; readonly step?: string | undefined },
    flags: {
      readonly json: boolean;
      readonly mermaid: boolean;
      readonly set?: readonly string[] | undefined;
      readonly env?: string | undefined;
      readonly select?: readonly string[] | undefined;
      readonly from?: string | undefined;
      readonly "on-empty"?: "ok" | "warn" | "fail" | undefined;
    },
  ): Promise<void> {
    discardRunner();
    const { readStdinText } = await import("../config/read-stdin-text.js");
    const { planInProcess } = await import("../jobs/plan-in-process.js");
    const plan = await planInProcess({
      cwd: process.cwd(),
      file: args.file === "-" ? { name: "<stdin>", text: await readStdinText() } : { path: args.file },
      ...(flags.set === undefined ? {} : { sets: flags.set }),
      ...(flags.env === undefined ? {} : { environmentName: flags.env }),
      ...(flags["on-empty"] === undefined ? {} : { onEmpty: flags["on-empty"] }),
      selection: {
        ...(args.step === undefined ? {} : { step: args.step }),
        ...(flags.select === undefined ? {} : { select: flags.select }),
        ...(flags.from === undefined ? {} : { from: flags.from }),
      },
    });
    if (flags.mermaid) {
      const { planAsMermaid } = await import("@datapy/sdk/jobs");
      this.log(planAsMermaid(plan));
    } else if (flags.json) this.logJson(plan);
    else {
      const { planText } = await import("../jobs/plan-text.js");
      this.log(planText(plan));
    }
  }
}
