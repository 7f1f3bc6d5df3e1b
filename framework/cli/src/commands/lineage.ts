import { toMermaid, traceLineage } from "@datapy/sdk/lineage";
import type { LineageGraph } from "@datapy/sdk/lineage";
import { BaseCommand } from "../base-command.js";
import { lineageText } from "../lineage/lineage-text.js";
import { Args, Flags } from "../oclif.js";
import { WORK_PATH_FLAG, findWorkPath } from "../runs/work-path.js";

export default class Lineage extends BaseCommand {
  static override summary = "Show where a table, file or artifact comes from, and what is made of it.";
  static override description = `Goes through all sessions in the run ledger: upward to the sources that nothing in the ledger wrote, downward to the tables and files that nothing read. Of each job and step, the latest run counts.

With --columns, says of each column which source columns it was made from, and what became of the value: identity, transformation, aggregation, or masked. Where a mod on the way does not say where its columns come from, that is said, not guessed.`;
  static override examples = [
    { description: "Where a table comes from:", command: "<%= config.bin %> <%= command.id %> public.customers" },
    {
      description: "Which source columns feed one of its columns:",
      command: "<%= config.bin %> <%= command.id %> public.customers --column email",
    },
    {
      description: "What is made of a file, as a diagram:",
      command: "<%= config.bin %> <%= command.id %> data/customers.csv --down --mermaid",
    },
  ];
  static override enableJsonFlag = true;
  static override args = {
    dataset: Args.string({
      required: true,
      description:
        "Table (`customers`, `public.customers`, a URI), file, or artifact (id, path, `STEP/KEY`, `SESSION/STEP/KEY`).",
    }),
  };
  static override flags = {
    up: Flags.boolean({ description: "Where it comes from. The default; with --down, both." }),
    down: Flags.boolean({ description: "What is made of it." }),
    columns: Flags.boolean({ description: "Also column by column." }),
    column: Flags.string({ helpValue: "NAME", description: "Only this column." }),
    depth: Flags.integer({ min: 1, helpValue: "N", description: "At most so many runs away. Default all." }),
    mermaid: Flags.boolean({ description: "As a Mermaid flowchart.", exclusive: ["json"] }),
    ...WORK_PATH_FLAG,
  };

  async run(): Promise<LineageGraph> {
    const { args, flags } = await this.parse(Lineage);
    const graph = traceLineage(await findWorkPath(flags["work-path"]), {
      reference: args.dataset,
      cwd: process.cwd(),
      direction: flags.down ? (flags.up ? "both" : "down") : "up",
      depth: flags.depth,
      columns: flags.columns,
      column: flags.column,
    });
    if (!this.jsonEnabled()) this.log(flags.mermaid ? toMermaid(graph) : lineageText(graph));
    return graph;
  }
}
