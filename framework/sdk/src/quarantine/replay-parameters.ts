import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Column, ModDefinition } from "@datapy/mod-kit";
import { listArtifacts } from "../artifacts/artifact-list.js";
import type { ArtifactEntry } from "../artifacts/artifact-list.js";
import { findArtifact } from "../artifacts/find-artifact.js";
import type { TableReader } from "../artifacts/table-file.js";
import type { Configuration } from "../config/configuration-types.js";
import { propertiesOf, semanticsOf } from "../config/schema-properties.js";
import { parquetSafe } from "../data/parquet-types.js";
import { copyStatement } from "../data/table-columns.js";
import { fault } from "../errors.js";
import { resolveRunId } from "../ledger/run-record.js";
import { consultMod } from "../runner/consult-mod.js";
import type { Session } from "../runner/session-types.js";
import type { Step } from "../runner/step.js";
import { asInput, ROW_NUMBER } from "./quarantine-rows.js";

/** What {@link replayParameters} works on. */
export interface ReplayInput {
  readonly session: Session;
  readonly configuration: Configuration;
  readonly reader: TableReader;
  readonly workPath: string;
  /** The quarantine. */
  readonly artifact: ArtifactEntry;
  /** The step, with the parameters that it had where no configuration gives them. */
  readonly step: Step;
  /** SQL of the corrected rows. */
  readonly query: string;
  /** Where files of the replay go. */
  readonly folder: string;
}

/** Makes the files of corrected rows, and the parameters by which the mod reads them instead of its input. */
export async function replayParameters(input: ReplayInput): Promise<Readonly<Record<string, unknown>>> {
  const { session, configuration, artifact, step, folder } = input;
  mkdirSync(folder, { recursive: true });
  return consultMod(
    session,
    step,
    async ({ definition, params, context }) => {
      if (definition.replay === undefined) return tableParameters(input, definition);
      const rows = path.join(folder, "rows.parquet");
      await copy(input, `SELECT * EXCLUDE (${ROW_NUMBER}) FROM (${input.query}) ORDER BY ${ROW_NUMBER}`, rows);
      const [output] = listArtifacts(input.workPath, {
        session: artifact.session_id,
        key: "output_data",
        all: true,
      }).filter(({ run_id }) => run_id === artifact.run_id);
      return definition.replay({ params, rows, columns: output?.columns, folder }, context);
    },
    { incomplete: true, configuration },
  );
}

/** A mod that takes one table gets the corrected rows, in the columns and types of that table. */
async function tableParameters(
  input: ReplayInput,
  definition: ModDefinition,
): Promise<Readonly<Record<string, unknown>>> {
  const { artifact, workPath, folder } = input;
  const names = [...propertiesOf(definition.params)]
    .filter(([, property]) => semanticsOf(property)?.kind === "artifact")
    .map(([name]) => name);
  const parameter = names.includes("input_artifact") ? "input_artifact" : names.length === 1 ? names[0] : undefined;
  if (parameter === undefined)
    throw fault("DATAPY_QUARANTINE_STEP", {
      step: artifact.step ?? artifact.mod,
      detail: `${artifact.mod} has no parameter that takes its rows, and no way of its own to replay them`,
    });
  const found = resolveRunId(workPath, artifact.run_id);
  const given = found.kind === "run" ? found.run.parameters[parameter] : undefined;
  const columns = await inputColumns(input, typeof given === "string" ? given : undefined);
  const file = path.join(folder, "rows.parquet");
  await copy(input, asInput(input.query, columns), file);
  return { [parameter]: file };
}

/** Columns of the table that the run got: of its file, as the ledger has them, or all that the mod has not named its own. */
async function inputColumns({ reader, workPath, query }: ReplayInput, given: string | undefined): Promise<Column[]> {
  const own = (await reader.describe(query)).filter(({ name }) => name !== ROW_NUMBER);
  let known: readonly { readonly name: string; readonly type: string }[] | undefined;
  try {
    known = given === undefined ? undefined : await reader.describe(`SELECT * FROM ${await reader.table(given)}`);
  } catch {
    const found = given === undefined ? undefined : findArtifact(workPath, given, path.dirname(given));
    known = found?.kind === "artifact" ? found.artifact.columns : undefined;
  }
  const columns = known?.filter(({ name }) => own.some((one) => one.name === name));
  return columns === undefined || columns.length === 0
    ? own.filter(({ name }) => !name.startsWith("quarantine_"))
    : [...columns];
}

async function copy({ reader }: ReplayInput, query: string, file: string): Promise<void> {
  await reader.rows(copyStatement(parquetSafe(query, await reader.describe(query)), file));
}
