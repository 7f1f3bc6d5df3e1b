import { existsSync } from "node:fs";
import type { SuccessEnvelope } from "@datapy/mod-kit";
import { datapyFacet, readEvents } from "../../ledger/ledger-line.js";
import type { Session } from "../../runner/session-types.js";
import type { StepRecord } from "./step-records.js";

/**
 * Adds to the ledger the end of runs that were written down and that the ledger does not have: their process was killed between the two.
 * Each run has then ended once, whatever was killed when.
 */
export function completeLedger(session: Session, finished: Iterable<StepRecord>): void {
  const { ledger } = session;
  if (!existsSync(ledger.file)) return;
  const events = readEvents(ledger.file).filter((event) => event.eventType === "COMPLETE");
  const completed = new Set(events.map((event) => datapyFacet(event)["run_id"]));
  for (const record of finished) {
    if (completed.has(record.run_id)) continue;
    const { status, execution_time, metrics, artifacts, globals, warnings, mod, path, attempt } = record;
    const envelope: SuccessEnvelope = {
      status: status === "warning" ? "warning" : "success",
      execution_time,
      metrics: { ...metrics },
      artifacts: { ...artifacts },
      globals: { ...globals },
      warnings: [...warnings],
      errors: [],
      logs: { log_file: session.log.file, session_id: session.id, run_id: record.run_id },
    };
    const exitCode = status === "warning" ? 10 : 0;
    ledger.runEnded(record.run_id, {
      envelope,
      exitCode,
      endedAt: new Date(),
      mod,
      step: path,
      attempt,
      startedElsewhere: true,
    });
  }
}
