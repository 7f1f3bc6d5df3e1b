import path from "node:path";
import { DatapyError } from "@datapy/mod-kit";
import type { DatapyErrorInput } from "@datapy/mod-kit";
import type { CheckRequest, JobCheck } from "@datapy/sdk/check";
import { fault } from "@datapy/sdk/errors";
import { FaultList } from "@datapy/sdk/faults";
import type { GuessReport, GuessRequest } from "@datapy/sdk/guess";
import type { TestCaseOutcome, TestCaseRequest } from "@datapy/sdk/pipeline-tests";
import type { JobPreview, PreviewRequest } from "@datapy/sdk/preview";
import type { QuarantineReplay, QuarantineReplayRequest } from "@datapy/sdk/quarantine";
import { runNodeScript } from "../child-process.js";

/** What a request of the sdk carries besides what its process knows itself. */
type Plain<Request> = Omit<Request, "env" | "signal">;

/** Tasks, with what they are given and what they give. */
interface Tasks {
  readonly test: { readonly request: Plain<TestCaseRequest>; readonly result: TestCaseOutcome };
  readonly replay: { readonly request: Plain<QuarantineReplayRequest>; readonly result: QuarantineReplay };
  readonly check: { readonly request: Plain<CheckRequest>; readonly result: JobCheck };
  readonly preview: { readonly request: Plain<PreviewRequest>; readonly result: JobPreview };
  readonly guess: { readonly request: Plain<GuessRequest>; readonly result: GuessReport };
}

/** A task with its request: a plain JSON value. */
export type TaskRequest = {
  [Task in keyof Tasks]: { readonly task: Task; readonly request: Tasks[Task]["request"] };
}[keyof Tasks];

/** What the process of a task answers. */
export type TaskOutcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly faults: readonly DatapyErrorInput[] };

/** Has a process of its own do a task; Ctrl-C cancels it. Throws what the task throws. */
export async function runTask<Task extends keyof Tasks>(
  task: Task,
  request: Tasks[Task]["request"],
  timeoutMs?: number,
): Promise<Tasks[Task]["result"]> {
  const script = path.join(__dirname, "task-process.js");
  const { message, code } = await runNodeScript(script, [], {
    cwd: process.cwd(),
    stdout: "stderr",
    message: { task, request },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    env: { UV_THREADPOOL_SIZE: process.env["UV_THREADPOOL_SIZE"] ?? "16" },
  });
  const outcome = message as TaskOutcome | undefined;
  // The process is ours, and answers what its task gives.
  if (outcome?.ok === true) return outcome.result as Tasks[Task]["result"];
  const [first, ...others] = (outcome?.faults ?? []).map((one) => new DatapyError(one));
  if (first === undefined)
    throw fault("DATAPY_MOD_CRASHED", { mod: `datapy ${task}`, detail: `exit code ${String(code)}` });
  throw others.length === 0 ? first : new FaultList([first, ...others]);
}
