import { createProgressMeter } from "./progress-meter.js";
import type { ProgressMeter, ProgressUnit } from "./progress-meter.js";
import type { StderrTerminal } from "./stderr-terminal.js";

/** Live lines on a terminal, one for each run that is going on. */
export interface LiveProgress {
  started(runId: string, label: string): void;
  progress(runId: string, done: number, total: number | undefined, unit: ProgressUnit): void;
  ended(runId: string): void;
  /** Takes all lines away. A second call does nothing. */
  close(): void;
}

const REFRESH_MS = 125;
/** Runs that end sooner show nothing. */
const DELAY_MS = 400;

/** Shows a live line per running mod: rows, files or bytes done, how fast, for how long, and how long it will take where that is known. */
export function showLiveProgress(terminal: StderrTerminal, now: () => number = Date.now): LiveProgress {
  const runs = new Map<string, { readonly label: string; readonly meter: ProgressMeter }>();
  let timer: NodeJS.Timeout | undefined;

  const refresh = (): void => {
    const at = now();
    // The last column stays free: some terminals wrap as soon as it is written to.
    const width = terminal.columns - 1;
    const lines = [...runs.values()]
      .filter(({ meter }) => at - meter.startedAt >= DELAY_MS)
      .map(({ label, meter }) => meter.render(label, at, width));
    const room = Math.max(1, terminal.rows - 2);
    terminal.show(
      lines.length <= room ? lines : [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more`],
    );
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    terminal.release();
  };

  return {
    started(runId, label) {
      runs.set(runId, { label, meter: createProgressMeter(now()) });
      if (timer !== undefined) return;
      timer = setInterval(refresh, REFRESH_MS).unref();
      refresh();
    },
    progress(runId, done, total, unit) {
      runs.get(runId)?.meter.update(unit, done, total, now());
    },
    ended(runId) {
      if (!runs.delete(runId)) return;
      if (runs.size === 0) stop();
      else refresh();
    },
    close() {
      runs.clear();
      if (timer !== undefined) stop();
    },
  };
}
