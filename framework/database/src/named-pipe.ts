import { execFile } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** Rows flow between DuckDB and a database's stream through a named pipe, never through JavaScript values. Not on Windows. */
export const PIPES_AVAILABLE = process.platform !== "win32";

/**
 * Makes a named pipe. Its ends are opened without blocking and read by the event loop (epoll, kqueue): not one thread of libuv's pool
 * is held, so that any number of pipes can be open beside running queries, which do hold one each.
 */
export async function makePipe(file: string): Promise<void> {
  await promisify(execFile)("mkfifo", ["-m", "600", file]);
}

const POLL_MILLISECONDS = 2;

/** The reading end of a pipe. */
export interface PipeSource {
  readonly stream: net.Socket;
  /** Says that the writer is done: the stream ends when what is in the pipe has been read. */
  finish(): void;
  /** Closes both ends at once. */
  destroy(): void;
  /**
   * Closes both ends and lets the writer go: one that writes gets a broken pipe, and so does one that opens the pipe only now, which would
   * wait for a reader for ever. Resolves when `writer` has settled; never rejects.
   */
  release(writer: Promise<unknown>): Promise<void>;
}

/**
 * Opens a pipe to read from. A writing end is held as well until {@link PipeSource.finish}, so that the stream neither ends before the
 * writer has opened it nor waits for ever for a writer that failed to.
 */
export function openPipeSource(file: string): PipeSource {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = fs.constants;
  const reader = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  let keeper: number | undefined = fs.openSync(file, O_WRONLY | O_NONBLOCK);
  const stream = new net.Socket({ fd: reader, readable: true, writable: false });
  const finish = (): void => {
    if (keeper !== undefined) fs.closeSync(keeper);
    keeper = undefined;
  };
  const destroy = (): void => {
    finish();
    stream.destroy();
  };
  return {
    stream,
    finish,
    destroy,
    release: async (writer) => {
      destroy();
      const ending = writer.then(
        () => true,
        () => true,
      );
      do {
        // Whoever waits to open the pipe goes on as soon as a reader appears, however short its life.
        fs.closeSync(fs.openSync(file, O_RDONLY | O_NONBLOCK));
      } while (!(await Promise.race([ending, sleep(POLL_MILLISECONDS, false)])));
    },
  };
}

/** The writing end of a pipe. */
export interface PipeSink {
  /** Resolves when a reader has opened the pipe; rejects when the sink was closed before. */
  open(): Promise<net.Socket>;
  /**
   * Closes the end at once and removes the pipe: a reader that waits for a writer sees the end of the file, and one that comes later
   * finds none.
   */
  destroy(): void;
}

/**
 * Prepares to write into a pipe. Opening a pipe for writing without blocking fails until there is a reader, so it is tried until one
 * comes; only then may data be written and the end closed, since a pipe that both sides have closed forgets what was in it.
 */
export function preparePipeSink(file: string): PipeSink {
  const { O_WRONLY, O_NONBLOCK } = fs.constants;
  let closed = false;
  let stream: net.Socket | undefined;
  const tryOpen = (): number | undefined => {
    try {
      return fs.openSync(file, O_WRONLY | O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENXIO") return undefined;
      throw error;
    }
  };
  return {
    open: async () => {
      for (;;) {
        if (closed) throw new Error("the pipe was closed before it was read");
        const descriptor = tryOpen();
        if (descriptor !== undefined) {
          stream = new net.Socket({ fd: descriptor, readable: false, writable: true });
          return stream;
        }
        await sleep(POLL_MILLISECONDS);
      }
    },
    destroy: () => {
      closed = true;
      if (stream !== undefined) {
        stream.destroy();
        return;
      }
      try {
        // Both ends at once, which never waits; held until the pipe has no name, so that no reader can slip in between.
        const descriptor = fs.openSync(file, fs.constants.O_RDWR | O_NONBLOCK);
        fs.rmSync(file, { force: true });
        fs.closeSync(descriptor);
      } catch {
        // The run's temporary folder may be gone already; then nobody waits.
      }
    },
  };
}
