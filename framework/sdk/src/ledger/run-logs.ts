import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { fault } from "../errors.js";
import { systemReason } from "../system-reason.js";

/** Which lines of a log file {@link readRunLog} gives. */
export interface LogRequest {
  readonly file: string;
  /** Lines of this run alone; default those of the whole session. */
  readonly runId?: string | undefined;
  /** Goes on with lines as they are written, until this says that no more will come, or the signal is aborted. */
  readonly follow?: { readonly isOver: () => boolean; readonly signal: AbortSignal } | undefined;
}

const POLL_MS = 200;
const CHUNK_BYTES = 262_144;

/**
 * Lines of a log file, as they stand in it (JSON), without their line ends. A line that is still being written is not given.
 *
 * @throws DatapyError `DATAPY_LOG_FILE_UNREADABLE`
 */
export async function* readRunLog(request: LogRequest): AsyncGenerator<string> {
  const file = await openLog(request.file);
  try {
    const mark = request.runId === undefined ? undefined : `"run_id":${JSON.stringify(request.runId)}`;
    let rest = Buffer.alloc(0);
    let position = 0;
    for (;;) {
      // Asked before the last look at the file, so that lines written in between are not missed.
      const over = request.follow === undefined || request.follow.signal.aborted || request.follow.isOver();
      for (;;) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        const end = rest.lastIndexOf(0x0a);
        if (end < 0) continue;
        for (const line of rest.toString("utf8", 0, end).split("\n")) {
          if (line !== "" && (mark === undefined || line.includes(mark))) yield line;
        }
        rest = rest.subarray(end + 1);
      }
      if (over) return;
      await pause(POLL_MS, request.follow.signal);
    }
  } finally {
    await file.close();
  }
}

async function openLog(file: string): Promise<FileHandle> {
  if (file === "")
    throw fault("DATAPY_LOG_FILE_UNREADABLE", { file: "(none)", detail: "the run could write no log file" });
  try {
    return await open(file, "r");
  } catch (error) {
    throw fault("DATAPY_LOG_FILE_UNREADABLE", { file, detail: systemReason(error) }, { cause: error });
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
