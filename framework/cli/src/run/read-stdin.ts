import type { StartedRunner } from "@datapy/sdk/start-runner";
import { readStdinText } from "../config/read-stdin-text.js";

/** What may end the reading before standard input ends. */
export interface ReadLimits {
  readonly runner: StartedRunner;
  readonly timeoutMs: number | undefined;
  /** Whom a timeout is reported for. */
  readonly subject: string;
}

/** All of standard input as text. A canceling signal ends the wait with `DATAPY_CANCELED`, the time limit with `DATAPY_TIMEOUT`. */
export async function readStdin({ runner, timeoutMs, subject }: ReadLimits): Promise<string> {
  if (process.stdin.isTTY)
    process.stderr.write("Reading parameters from the terminal; end with Ctrl-D on a line of its own.\n");
  const { fault } = await import("@datapy/sdk/errors");
  let timer: NodeJS.Timeout | undefined;
  const interrupted = new Promise<never>((_, reject) => {
    const canceled = (signal: string): void => reject(fault("DATAPY_CANCELED", { cause: signal }));
    for (const signal of runner.signals) canceled(signal);
    runner.onSignal(canceled);
    if (timeoutMs === undefined) return;
    const late = (): void =>
      reject(
        fault(
          "DATAPY_TIMEOUT",
          { mod: subject, limit: `${String(timeoutMs / 1000)}s` },
          { hint: "Nothing ended the standard input that -p - reads." },
        ),
      );
    timer = setTimeout(late, Math.min(timeoutMs, 2 ** 31 - 1));
  });
  try {
    return await Promise.race([readStdinText(), interrupted]);
  } finally {
    clearTimeout(timer);
    // A pipe that stays open shall not keep this process; a file, or no standard input at all, cannot.
    const stdin: NodeJS.ReadableStream & { unref?: () => void } = process.stdin;
    stdin.pause();
    stdin.unref?.();
  }
}
