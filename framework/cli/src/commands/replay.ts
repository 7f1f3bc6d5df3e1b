import type { RunJobRequest } from "@datapy/sdk/runner-protocol";
import { Args, Flags } from "../oclif.js";
import { RUN_FLAGS, RunCommand } from "../run/run-command.js";
import { WORK_PATH_FLAG } from "../runs/work-path.js";

const { params: _params, set: _set, env: _env, ...REPLAY_FLAGS } = RUN_FLAGS;

export default class Replay extends RunCommand {
  static override summary = "Run a job once more exactly as it ran in a session.";
  static override description = `Runs all steps of a session's job from its bundle: the files as they were, the same variables, values of --set, environment and date. Secrets are read anew. It is a new session; nothing of the old one is changed or used.

Versions of mods that differ from those of that time are listed and need --accept-changes. An archive that \`datapy runs bundle\` wrote does as well as the id of a session, also on another machine.`;
  static override examples = [
    {
      description: "A session:",
      command: "<%= config.bin %> <%= command.id %> 7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10",
    },
    { description: "From an archive:", command: "<%= config.bin %> <%= command.id %> warehouse_7d3f6a1e.tar.gz" },
  ];
  static override args = {
    session: Args.string({ required: true, description: "Id of the session, or archive of it." }),
  };
  static override flags = {
    ...REPLAY_FLAGS,
    ...WORK_PATH_FLAG,
    "max-parallel": Flags.integer({ min: 1, helpValue: "N", description: "Steps that run at once." }),
    "accept-changes": Flags.boolean({ description: "Run it although mods have other versions now." }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Replay);
    await this.supervise(flags, args.session, (invocation): RunJobRequest => ({
      kind: "run-job",
      ...invocation,
      replay: args.session,
      ...(flags["work-path"] === undefined ? {} : { workPath: flags["work-path"] }),
      ...(flags["max-parallel"] === undefined ? {} : { maxParallel: flags["max-parallel"] }),
      ...(flags["accept-changes"] ? { acceptChanges: true } : {}),
    }));
  }
}
