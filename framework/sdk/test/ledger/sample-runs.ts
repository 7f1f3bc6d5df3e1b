import type { Envelope, ExitCode } from "@datapy/mod-kit";
import { openLedger } from "../../src/ledger/ledger.js";
import type { Ledger, LedgerOptions, LedgerRunEnd } from "../../src/ledger/ledger-types.js";
import { createMasker } from "../../src/secrets/masker.js";

export const SESSION = "7d3f6a1e-0b0c-4b7e-9a51-3f3b8f0f6f10";

/** Opens a ledger with what every test needs. */
export function ledgerIn(workPath: string, more: Partial<LedgerOptions> = {}): Ledger {
  return openLedger({
    workPath,
    sessionId: SESSION,
    startedAt: new Date(),
    masker: createMasker(),
    job: { name: "daily_customer_etl", namespace: "customer_analytics" },
    env: {},
    ...more,
  });
}

/** Records the start of a run. */
export function start(ledger: Ledger, runId: string, startedAt = new Date()): void {
  ledger.runStarted({
    runId,
    mod: modOf(runId),
    startedAt,
    parameters: { input_path: "/data/customers.csv" },
    logFile: "/logs/etl.log",
  });
}

/** Records the end of a run. */
export function end(ledger: Ledger, runId: string, exitCode: ExitCode = 0, more: Partial<LedgerRunEnd> = {}): void {
  ledger.runEnded(runId, { envelope: envelopeOf(runId, exitCode), exitCode, endedAt: new Date(), ...more });
}

/** An envelope with an exit code. */
export function envelopeOf(runId: string, exitCode: ExitCode, rows = 9_876): Envelope {
  const logs = { log_file: "/logs/etl.log", session_id: SESSION, run_id: runId };
  if (exitCode === 0 || exitCode === 10) {
    return {
      status: exitCode === 0 ? "success" : "warning",
      execution_time: 2.34,
      metrics: { rows_processed: 10_000, rows_output: rows },
      artifacts: { output_data: "/data/out.parquet" },
      globals: {},
      warnings: exitCode === 0 ? [] : ["Found 124 duplicate records\nremoved"],
      errors: [],
      logs,
    };
  }
  return {
    status: "error",
    execution_time: 0.5,
    errors: ["CSV_X: it broke\nin two lines", "second"],
    exit_code: exitCode,
    globals: {},
    logs,
  };
}

function modOf(runId: string): string {
  return runId.replace(/_[0-9a-f]{8}$/, "");
}
