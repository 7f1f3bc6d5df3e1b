import { fault } from "@datapy/sdk/errors";
import { listTests } from "@datapy/sdk/pipeline-tests";
import type { ListedTest, PipelineTestReport, TestReport } from "@datapy/sdk/pipeline-tests";
import { faultText } from "../output/fault-text.js";
import { toFaults } from "../errors/to-faults.js";
import { runTask } from "../tasks/run-task.js";

/** What is asked of {@link runTests}. */
export interface TestRequest {
  readonly target: string;
  readonly cwd: string;
  /** Only tests of this name; `*` stands for anything. */
  readonly pattern: string | undefined;
  readonly update: boolean;
  /** Tests that run at once. */
  readonly parallel: number;
  readonly onEnd: (test: TestReport) => void;
}

/** How long a test may take beyond its own limit before its process is killed, in milliseconds. */
const GRACE_MS = 10_000;

/** Runs the tests of a file or folder, each in a process of its own. Files that cannot be read are failed tests. */
export async function runTests(request: TestRequest): Promise<PipelineTestReport> {
  const { tests, broken } = listTests(request.target, request.cwd);
  const wanted = request.pattern === undefined ? tests : tests.filter(({ name }) => fits(name, request.pattern ?? ""));
  if (wanted.length + broken.length === 0)
    throw fault("DATAPY_TEST_NONE", { path: `${request.target} whose name fits ${request.pattern ?? ""}` });
  const reports: TestReport[] = broken.map(({ file, error }) => ({
    file,
    name: "can be read",
    status: "failed",
    failures: toFaults(error).map(faultText),
    execution_time: 0,
    updated: [],
  }));
  for (const report of reports) request.onEnd(report);
  const ended = new Array<TestReport>(wanted.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let place = next++; place < wanted.length; place = next++) {
      const test = wanted[place];
      if (test === undefined) continue;
      const report = await runOne(test, request);
      ended[place] = report;
      request.onEnd(report);
    }
  };
  await Promise.all(Array.from({ length: Math.min(request.parallel, wanted.length) }, work));
  const all = [...reports, ...ended];
  const failed = all.some(({ status }) => status === "failed");
  return { exit_code: broken.length > 0 ? 20 : failed ? 30 : 0, tests: all };
}

async function runOne(test: ListedTest, { cwd, update }: TestRequest): Promise<TestReport> {
  const { file, name, skip, timeoutMs } = test;
  const base = { file, name, failures: [], updated: [], execution_time: 0 };
  if (skip !== undefined) return { ...base, status: "skipped", reason: skip };
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1_000;
  try {
    const { failures, updated } = await runTask("test", { file, name, cwd, update }, timeoutMs + GRACE_MS);
    return {
      ...base,
      status: failures.length === 0 ? "passed" : "failed",
      failures,
      updated,
      execution_time: seconds(),
    };
  } catch (error) {
    const faults = toFaults(error);
    // Canceled is not failed.
    if (faults.some(({ code }) => code === "DATAPY_CANCELED")) throw error;
    return { ...base, status: "failed", failures: faults.map(faultText), execution_time: seconds() };
  }
}

function fits(name: string, pattern: string): boolean {
  const source = pattern
    .split("*")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(".*");
  return new RegExp(`^${source}$`, "s").test(name);
}
