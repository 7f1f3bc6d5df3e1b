import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Envelope, ErrorExitCode } from "@datapy/mod-kit";
import type { TableReader } from "../artifacts/table-file.js";
import { canonicalModKey } from "../config/mod-key.js";
import { localEngine } from "../jobs/engine/local-engine.js";
import type { JobEngine, StepTask, TaskResult } from "../jobs/engine/engine-types.js";
import { failureEnvelope } from "../runner/failure-envelope.js";
import type { Session } from "../runner/session-types.js";
import type { StepMock, TestTable } from "../schema/pipeline-test-schema.js";
import { writeTable } from "./table-fixture.js";

/** What a job's steps give instead of being run. */
export interface Mocks {
  /** By step or mod, as written. */
  readonly mocks: Readonly<Record<string, StepMock | null>>;
  /** Folder of the file of the test. */
  readonly folder: string;
  readonly reader: TableReader;
}

/** Runs steps as the local engine does, all in this process; those that are mocked give what they are said to. */
export function mockEngine({ mocks, folder, reader }: Mocks): JobEngine {
  return {
    name: "test",
    async open(environment, host) {
      const local = await localEngine.open(environment, host);
      return {
        async run(task, controls) {
          const mock = mockOf(mocks, task);
          if (mock === undefined) return local.run({ ...task, isolate: false, cache: null }, controls);
          return mocked(host.session, task, mock ?? {}, { folder, reader }).catch((error: unknown) =>
            resultOf(task, failureEnvelope(error, { executionTime: 0, logs: logsOf(host.session, task) })),
          );
        },
        close: () => local.close(),
      };
    },
  };
}

/** By where the step stands in its job, by its id, by its mod. */
function mockOf(mocks: Mocks["mocks"], { step }: StepTask): StepMock | null | undefined {
  for (const name of [step.path, step.stepId, step.mod]) {
    if (name === undefined) continue;
    const key = Object.keys(mocks).find((one) => one === name || canonicalModKey(one) === canonicalModKey(name));
    if (key !== undefined) return mocks[key];
  }
  return undefined;
}

async function mocked(
  session: Session,
  task: StepTask,
  mock: StepMock,
  { folder, reader }: Pick<Mocks, "folder" | "reader">,
): Promise<TaskResult> {
  const logs = logsOf(session, task);
  const { metrics = {}, globals = {} } = mock;
  const errors = list(mock.errors);
  if (errors.length > 0) {
    const exit_code = (mock.exit_code ?? 30) as ErrorExitCode;
    return resultOf(task, { status: "error", execution_time: 0, errors, exit_code, globals, logs });
  }
  const warnings = list(mock.warnings);
  const artifacts: Record<string, string> = {};
  const target = path.join(session.workPath, "artifacts", session.id, encodeURIComponent(nameOf(task)));
  for (const [key, table] of Object.entries(tablesOf(mock))) {
    mkdirSync(target, { recursive: true });
    const file = path.join(target, `${encodeURIComponent(key)}.parquet`);
    await writeTable(reader, table, file, { what: `the mock of ${nameOf(task)}, ${key}`, folder });
    artifacts[key] = file;
  }
  const status = warnings.length === 0 ? "success" : "warning";
  return resultOf(task, { status, execution_time: 0, metrics, artifacts, globals, warnings, errors: [], logs });
}

function tablesOf({ rows, file, columns, artifacts = {} }: StepMock): Readonly<Record<string, TestTable>> {
  if (rows === undefined && file === undefined) return artifacts;
  const output: TestTable = {
    ...(rows === undefined ? {} : { rows }),
    ...(file === undefined ? {} : { file }),
    ...(columns === undefined ? {} : { columns }),
  };
  return { output_data: output, ...artifacts };
}

function resultOf(task: StepTask, envelope: Envelope): TaskResult {
  const errors = envelope.status === "error" ? envelope.errors : [];
  return {
    envelope,
    mod: task.step.mod,
    version: task.step.version ?? "",
    // A mocked failure may be tried again where it is one of the kind that may pass.
    failures: errors.map((text) => ({
      code: /^([A-Z][A-Z0-9_]+)/.exec(text)?.[1] ?? "",
      retryable: envelope.status === "error" && (envelope.exit_code === 30 || envelope.exit_code === 40),
    })),
    artifacts: [],
    bookmarks: [],
    cached: false,
  };
}

function nameOf({ step }: StepTask): string {
  return step.path ?? step.stepId ?? step.mod;
}

function logsOf(session: Session, task: StepTask): Envelope["logs"] {
  const name = nameOf(task).replace(/[^A-Za-z0-9_-]+/g, "_");
  return { log_file: session.log.file, session_id: session.id, run_id: `${name}_${task.runSuffix}` };
}

function list(given: string | readonly string[] | undefined): string[] {
  return given === undefined ? [] : typeof given === "string" ? [given] : [...given];
}
