import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withTemporaryFolder } from "../artifacts/with-temporary-folder.js";
import { withTableReader } from "../artifacts/table-file.js";
import type { TableReader } from "../artifacts/table-file.js";
import { ResolvedConfiguration } from "../config/resolved-configuration.js";
import { parseDuration } from "../contract/parse-quantity.js";
import { fault } from "../errors.js";
import { executeJob } from "../jobs/execute-job.js";
import type { StepSummary } from "../jobs/engine/step-ending.js";
import { exitCodeOf } from "../result/exit-code-of.js";
import { formatFault, isFaultList, messageOf } from "../runner/failure-envelope.js";
import { isDatapyError } from "@datapy/mod-kit";
import { openSession } from "../runner/session.js";
import { runStep } from "../runner/run-step.js";
import type { Session } from "../runner/session-types.js";
import type { PipelineTest, PipelineTestFile } from "../schema/pipeline-test-schema.js";
import { expectationFailures } from "./check-expectations.js";
import type { ExpectationContext, TestResult } from "./check-expectations.js";
import { mockEngine } from "./mock-engine.js";
import { readTestFile } from "./read-test-file.js";
import { writeTable } from "./table-fixture.js";

/** One test, to be run in a process of its own. */
export interface TestCaseRequest {
  /** File of the test, absolute. */
  readonly file: string;
  readonly name: string;
  /** Folder that mods given by path, and the project, are looked for from. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly update: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** How a test ended. */
export interface TestCaseOutcome {
  /** What is not as expected; empty when the test passed. */
  readonly failures: readonly string[];
  /** Golden files that were written. */
  readonly updated: readonly string[];
}

/** Runs one test in a folder of its own. Whatever goes wrong in it is a failure of the test; this never rejects for it. */
export async function runTestCase(request: TestCaseRequest): Promise<TestCaseOutcome> {
  const updated: string[] = [];
  try {
    const file = readTestFile(request.file, request.cwd);
    const test = file.tests.find(({ name }) => name === request.name);
    if (test === undefined) throw fault("DATAPY_TEST_NONE", { path: `${request.file} of the name ${request.name}` });
    const failures = await withTemporaryFolder("test", (outer) => {
      // Deep enough that no project file of somebody else is found above it.
      const folder = path.join(outer, "test", "files", "here");
      mkdirSync(folder, { recursive: true });
      return withTableReader((reader) =>
        run({ request, file, test, folder, work: path.join(outer, "work"), reader }, updated),
      );
    });
    return { failures, updated };
  } catch (error) {
    const faults = isFaultList(error) ? error.faults : [error];
    return { failures: faults.map((one) => (isDatapyError(one) ? formatFault(one) : messageOf(one))), updated };
  }
}

interface OpenTest {
  readonly request: TestCaseRequest;
  readonly file: PipelineTestFile;
  readonly test: PipelineTest;
  /** Where the test's files stand, and relative paths lead. */
  readonly folder: string;
  /** Artifacts, ledger, state, logs. */
  readonly work: string;
  readonly reader: TableReader;
}

async function run(open: OpenTest, updated: string[]): Promise<string[]> {
  const { request, test, reader } = open;
  writeFiles(open);
  const session = await openTestSession(open);
  const abort = (): void => session.abort(fault("DATAPY_CANCELED", { cause: "the caller" }));
  request.signal?.addEventListener("abort", abort, { once: true });
  process.chdir(open.folder);
  try {
    const { result, steps } = open.file.mod === undefined ? await runJob(open, session) : await runMod(open, session);
    const context: ExpectationContext = {
      reader,
      folder: path.dirname(request.file),
      update: request.update,
      onUpdate: (file) => updated.push(file),
    };
    const { steps: expectedSteps = {}, ...expected } = test.expect;
    const failures = await expectationFailures(
      // A test that says nothing of how it ends expects no error.
      expected.status === undefined &&
        expected.exit_code === undefined &&
        expected.errors === undefined &&
        result.status === "error"
        ? { ...expected, status: "success" }
        : expected,
      result,
      context,
    );
    for (const [name, expectation] of Object.entries(expectedSteps)) {
      const step = steps.find((one) => sameName(one.step, name));
      if (step === undefined)
        failures.push(`there is no step ${name}; there are ${steps.map((one) => one.step).join(", ")}`);
      else failures.push(...(await expectationFailures(expectation, resultOfStep(step), context, name)));
    }
    return session.masker.maskJson(failures);
  } finally {
    process.chdir(request.cwd);
    request.signal?.removeEventListener("abort", abort);
    await session.close(0);
  }
}

function openTestSession({ request, file, test, folder, work }: OpenTest): Promise<Session> {
  const { env = {}, globals = {}, set = {}, environment } = test;
  const sets = [
    ...Object.entries(globals).map(([key, value]) => `globals.${key}=${JSON.stringify(value)}`),
    ...Object.entries(set).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
  ];
  return openSession({
    name: path.parse(request.file).name,
    cwd: request.cwd,
    dataFolder: folder,
    workPath: work,
    isQuiet: true,
    progress: false,
    env: {
      ...request.env,
      ...Object.fromEntries(
        Object.entries(env).map(([key, value]) => [key, value === null ? undefined : String(value)]),
      ),
    },
    configuration: {
      ...(file.job === undefined ? {} : { file: { path: path.resolve(path.dirname(request.file), file.job) } }),
      ...(sets.length === 0 ? {} : { sets }),
      ...(environment === undefined ? {} : { environmentName: environment }),
    },
  });
}

function writeFiles({ request, test, folder }: OpenTest): void {
  for (const [name, content] of Object.entries(test.files ?? {})) {
    const target = path.resolve(folder, name);
    if (!target.startsWith(`${folder}${path.sep}`))
      throw fault("DATAPY_TEST_TABLE", { what: `files.${name}`, detail: "it lies outside of the folder of the test" });
    mkdirSync(path.dirname(target), { recursive: true });
    if (typeof content === "string") writeFileSync(target, content);
    else cpSync(path.resolve(path.dirname(request.file), content.copy), target, { recursive: true });
  }
}

interface Ran {
  readonly result: TestResult;
  readonly steps: readonly StepSummary[];
}

async function runJob({ request, test, reader }: OpenTest, session: Session): Promise<Ran> {
  const { configuration, configurationFault } = session;
  if (configurationFault !== undefined || !(configuration instanceof ResolvedConfiguration)) throw configurationFault;
  const timeoutMs = parseDuration(test.timeout ?? "60s");
  const select = test.select === undefined ? undefined : typeof test.select === "string" ? [test.select] : test.select;
  const { envelope, exitCode } = await executeJob(session, {
    configuration,
    isKept: false,
    engine: mockEngine({ mocks: test.mocks ?? {}, folder: path.dirname(request.file), reader }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(select === undefined ? {} : { selection: { select } }),
  });
  const last = envelope.steps.findLast(({ artifacts }) => artifacts?.["output_data"] !== undefined);
  const isError = envelope.status === "error";
  return {
    steps: envelope.steps,
    result: {
      status: envelope.status,
      exitCode,
      errors: envelope.errors,
      warnings: isError ? [] : envelope.warnings,
      metrics: isError ? {} : envelope.metrics,
      globals: envelope.globals,
      // Of the job itself, the table of its last step that made one.
      artifacts: last?.artifacts ?? {},
    },
  };
}

async function runMod({ request, file, test, work, reader }: OpenTest, session: Session): Promise<Ran> {
  const timeoutMs = parseDuration(test.timeout ?? "60s");
  const params: Record<string, unknown> = { ...test.params };
  if (test.input !== undefined) {
    mkdirSync(work, { recursive: true });
    const input = path.join(work, "input.parquet");
    await writeTable(reader, test.input, input, { what: "input", folder: path.dirname(request.file) });
    params["input_artifact"] ??= input;
  }
  const mod = file.mod ?? "";
  const reference = /^\.{1,2}[\\/]/.test(mod) ? path.resolve(path.dirname(request.file), mod) : mod;
  const envelope = await runStep(session, {
    mod: reference,
    params,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const isError = envelope.status === "error";
  return {
    steps: [],
    result: {
      status: envelope.status,
      exitCode: exitCodeOf(envelope),
      errors: envelope.errors,
      warnings: isError ? [] : envelope.warnings,
      metrics: isError ? {} : envelope.metrics,
      globals: envelope.globals,
      artifacts: isError ? {} : envelope.artifacts,
    },
  };
}

function resultOfStep(step: StepSummary): TestResult {
  return {
    status: step.status,
    exitCode: step.exit_code,
    errors: [...step.errors, ...(step.reason === undefined ? [] : [step.reason])],
    warnings: step.warnings ?? [],
    metrics: step.metrics ?? {},
    globals: {},
    artifacts: step.artifacts ?? {},
  };
}

function sameName(a: string, b: string): boolean {
  return a.replaceAll("_", "-") === b.replaceAll("_", "-");
}
