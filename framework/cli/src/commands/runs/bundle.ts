import type { SessionArchive } from "@datapy/sdk/jobs";
import { BaseCommand } from "../../base-command.js";
import { Args, Flags } from "../../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";

export default class RunsBundle extends BaseCommand {
  static override summary = "Pack all that is known of a session into one archive.";
  static override description =
    "Writes a .tar.gz with the effective configuration and where each value came from, the versions of mods and host, logs, ledger, lineage and result. Secrets in it are masked. That of a job can be run again, here or elsewhere, with `datapy replay`.";
  static override examples = [
    {
      description: "A session, or the session of a run:",
      command: "<%= config.bin %> <%= command.id %> csv-reader_1a2b3c4d",
    },
    {
      description: "To a place of your own:",
      command: "<%= config.bin %> <%= command.id %> 7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10 -o incident.tar.gz",
    },
  ];
  static override enableJsonFlag = true;
  static override args = {
    id: Args.string({ required: true, description: "Id of a session, or of a run of it." }),
  };
  static override flags = {
    ...WORK_PATH_FLAG,
    output: Flags.string({
      char: "o",
      helpValue: "FILE",
      description: "File to write. Default: the job's name and the session's first digits, in the working directory.",
    }),
  };

  async run(): Promise<SessionArchive> {
    const { args, flags } = await this.parse(RunsBundle);
    const { bundleSession } = await import("@datapy/sdk/jobs");
    const archive = await bundleSession(await findWorkPath(flags["work-path"]), args.id, flags.output);
    this.log(`Wrote ${archive.file}`);
    return archive;
  }
}
