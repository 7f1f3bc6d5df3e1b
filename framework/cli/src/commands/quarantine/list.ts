import { listQuarantines } from "@datapy/sdk/quarantine";
import type { QuarantineEntry } from "@datapy/sdk/quarantine";
import { age } from "../../artifacts/artifact-columns.js";
import { BaseCommand } from "../../base-command.js";
import { Flags } from "../../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";

export default class QuarantineList extends BaseCommand {
  static override summary = "List rows that runs have set aside and that wait to be corrected.";
  static override description =
    "Each line is what one run set aside. `open` are the rows that have not been replayed; with --all also those that have.";
  static override examples = [{ description: "What waits:", command: "<%= config.bin %> <%= command.id %>" }];
  static override enableJsonFlag = true;
  static override flags = {
    session: Flags.string({ helpValue: "ID", description: "Only of this session; its first digits are enough." }),
    step: Flags.string({
      helpValue: "NAME",
      description: "Only of this step, or of this mod where runs were no steps.",
    }),
    all: Flags.boolean({ description: "Also what has been replayed, was replaced, or is gone." }),
    limit: Flags.integer({ min: 1, default: 50, description: "At most so many." }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<readonly QuarantineEntry[]> {
    const { flags } = await this.parse(QuarantineList);
    const { session, step, all, limit } = flags;
    const entries = listQuarantines(await findWorkPath(flags["work-path"]), { session, step, all, limit });
    if (this.jsonEnabled()) return entries;
    if (entries.length === 0) {
      this.log("No rows wait.");
      return entries;
    }
    const { tableForStdout } = await import("../../output/table.js");
    const now = new Date();
    this.log(
      tableForStdout<QuarantineEntry>(
        [
          { title: "id", value: ({ id }) => id },
          { title: "age", value: ({ made_at }) => age(made_at, now), align: "right" },
          { title: "session", value: ({ session_id }) => session_id.slice(0, 8) },
          { title: "job", value: ({ job }) => job },
          { title: "step", value: ({ step: name, mod }) => name ?? mod },
          { title: "rows", value: ({ rows }) => String(rows), align: "right" },
          { title: "open", value: ({ open }) => String(open), align: "right" },
          { title: "state", value: ({ state }) => state },
        ],
        entries,
      ),
    );
    return entries;
  }
}
