import { findArtifact } from "@datapy/sdk/artifacts";
import type { FoundArtifact } from "@datapy/sdk/artifacts";
import { Args } from "../oclif.js";
import type { Arg } from "../oclif.js";
import { findWorkPath } from "../runs/work-path.js";

/** The artifact that a command is about. */
export const ARTIFACT_ARG = artifactArgument();

/** An argument of its own for a command that has several: oclif writes the name of an argument into it. */
export function artifactArgument(): Arg<string> {
  return Args.string({
    required: true,
    name: "artifact",
    description:
      "Id of the artifact (or a unique beginning), path of its file, `STEP/KEY` for the newest of that name, or `SESSION/STEP/KEY`.",
  });
}

/** Finds it, in the ledger of the project or of `--work-path`. */
export async function artifactOf(reference: string, workPath: string | undefined): Promise<FoundArtifact> {
  return findArtifact(await findWorkPath(workPath), reference, process.cwd());
}
