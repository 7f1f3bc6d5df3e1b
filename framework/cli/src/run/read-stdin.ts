import type { DatapyError } from "@datapy/mod-kit";
import type { StartedRunner } from "@datapy/sdk/start-runner";

/** Bytes of parameters that are read before they are refused: far above what the YAML reader takes, far below what hurts. */
const LARGEST = 64 * 1024 * 1024;

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
    return await Promise.race([readAll(fault), interrupted]);
  } finally {
    clearTimeout(timer);
    process.stdin.pause();
    process.stdin.unref();
  }
}

async function readAll(
  fault: (code: "DATAPY_CLI_BAD_FLAG", details: Record<string, string>) => DatapyError,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST)
      throw fault("DATAPY_CLI_BAD_FLAG", { detail: "--params: more than 64 MiB came through standard input" });
  }
  return Buffer.concat(chunks).toString("utf8");
}
