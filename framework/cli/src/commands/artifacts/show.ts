import { consumersOf } from "@datapy/sdk/artifacts";
import type { ArtifactEntry } from "@datapy/sdk/artifacts";
import { fault } from "@datapy/sdk/errors";
import { age, byteSize } from "../../artifacts/artifact-columns.js";
import { ARTIFACT_ARG, artifactOf } from "../../artifacts/artifact-argument.js";
import { BaseCommand } from "../../base-command.js";
import { WORK_PATH_FLAG, findWorkPath } from "../../runs/work-path.js";

/** An artifact with the runs that read it. */
type ShownArtifact = ArtifactEntry & { readonly consumers: ReturnType<typeof consumersOf> };

export default class ArtifactsShow extends BaseCommand {
  static override summary = "Show one artifact: who made it, its checksum and columns, who read it.";
  static override description =
    "Reads the run ledger, so that an artifact can be shown whose file is gone. The checksum is the SHA-256 of the file.";
  static override examples = [
    { description: "By its id:", command: "<%= config.bin %> <%= command.id %> 1a2b3c4d5e6f" },
    { description: "The newest of a step:", command: "<%= config.bin %> <%= command.id %> csv_reader/output_data" },
  ];
  static override enableJsonFlag = true;
  static override args = { artifact: ARTIFACT_ARG };
  static override flags = { ...WORK_PATH_FLAG };

  async run(): Promise<ShownArtifact> {
    const { args, flags } = await this.parse(ArtifactsShow);
    const workPath = await findWorkPath(flags["work-path"]);
    const found = await artifactOf(args.artifact, workPath);
    if (found.kind === "file")
      throw fault("DATAPY_ARTIFACT_UNKNOWN", { reference: JSON.stringify(args.artifact), folder: workPath });
    const shown: ShownArtifact = { ...found.artifact, consumers: consumersOf(workPath, found.path) };
    if (!this.jsonEnabled()) this.log(await describe(shown));
    return shown;
  }
}

async function describe(artifact: ShownArtifact): Promise<string> {
  const { tableForStdout } = await import("../../output/table.js");
  const { id, kind, state, columns, consumers } = artifact;
  const facts: [string, string][] = [
    ["path", artifact.path],
    ["made by", `${artifact.run_id} (${artifact.status})`],
    ["session", artifact.session_id],
    ["job", artifact.job],
    ["step", artifact.step ?? artifact.mod],
    ["key", artifact.key],
    ["made", `${artifact.made_at} (${age(artifact.made_at, new Date())} ago)`],
    ["rows", artifact.rows === undefined ? "" : String(artifact.rows)],
    ["size", artifact.bytes === undefined ? "" : `${byteSize(artifact.bytes)} (${String(artifact.bytes)} bytes)`],
    ["checksum", artifact.checksum ?? ""],
  ];
  const indented = (text: string): string => text.replace(/^/gm, "  ");
  return [
    `${id}  ${kind}, ${state}`,
    ...facts.filter(([, value]) => value !== "").map(([name, value]) => `  ${name.padEnd(10)}${value}`),
    ...(columns === undefined
      ? []
      : [
          "",
          "Columns",
          indented(
            tableForStdout(
              [
                { title: "name", value: ({ name }) => name },
                { title: "type", value: ({ type }) => type },
              ],
              columns,
            ),
          ),
        ]),
    "",
    consumers.length === 0 ? "Read by no run." : "Read by",
    ...consumers.map(({ run_id, step, mod }) => `  ${run_id}${step === undefined || step === mod ? "" : ` (${step})`}`),
  ].join("\n");
}
