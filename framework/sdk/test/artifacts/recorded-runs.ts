import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ExitCode } from "@datapy/mod-kit";
import type { RecordedArtifact } from "../../src/artifacts/artifact-folder.js";
import type { Ledger, LedgerOutput } from "../../src/ledger/ledger-types.js";
import { envelopeOf, ledgerIn } from "../ledger/sample-runs.js";

/** A run to be recorded. */
export interface RecordedRun {
  readonly runId: string;
  readonly mod?: string;
  readonly step?: string;
  readonly reads?: readonly string[];
  readonly artifacts?: readonly RecordedArtifact[];
  readonly outputs?: readonly LedgerOutput[];
  readonly exitCode?: ExitCode;
  readonly endedAt?: Date;
}

/** Id of the n-th session of a test. */
export function sessionId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

/** Records a session with its runs, and ends it unless `end` is `false`. */
export async function recordSession(
  work: string,
  n: number,
  runs: readonly RecordedRun[],
  {
    exitCode = 0,
    end = true,
    job = "nightly",
    asJob = false,
  }: { exitCode?: ExitCode; end?: boolean; job?: string; asJob?: boolean } = {},
): Promise<Ledger> {
  const ledger = ledgerIn(work, { sessionId: sessionId(n), job: { name: job } });
  const part = { kind: "job" as const, uuid: randomUUID() };
  if (asJob) ledger.partStarted(part);
  for (const run of runs) {
    const { runId, step } = run;
    const mod = run.mod ?? runId.replace(/_[0-9a-f]{8}$/, "");
    const at = run.endedAt ?? new Date();
    const inputs = (run.reads ?? []).map((uri) => ({ uri }));
    ledger.runStarted({ runId, mod, step, startedAt: at, parameters: {}, inputs, logFile: "" });
    const code = run.exitCode ?? 0;
    const envelope = { ...envelopeOf(runId, code) };
    ledger.runEnded(runId, {
      envelope,
      exitCode: code,
      endedAt: at,
      artifacts: run.artifacts ?? [],
      outputs: run.outputs ?? [],
    });
  }
  if (asJob) ledger.partEnded(part, { exitCode, status: "" });
  if (end) await ledger.sessionEnded({ exitCode });
  return ledger;
}

/** A file artifact of a session, on the disk too. */
export function writtenFile(work: string, n: number, step: string, key = "output_data", bytes = 10): RecordedArtifact {
  const uri = path.join(work, "artifacts", sessionId(n), step, `${key}.txt`);
  mkdirSync(path.dirname(uri), { recursive: true });
  writeFileSync(uri, "x".repeat(bytes));
  return { kind: "file", key, uri, bytes };
}
