import type { StreamMasker } from "./masker.js";
import { TextMasker } from "./masking-stream.js";

type Done = (error?: Error | null) => void;

/** The masking of a process's output. */
export interface OutputMask {
  flush(): void;
  end(): void;
}

/** How long an end of output that may begin a secret waits for what follows it. */
const PATIENCE_MS = 100;

/**
 * Masks whatever this process writes to `process.stdout` and `process.stderr` from now on, `console` and dependencies included.
 * What native code writes to the file descriptors itself does not pass here.
 *
 * `flush` writes out what is held back, `end` does so and ends the masking.
 */
export function maskProcessOutput(
  masker: StreamMasker,
  streams: readonly NodeJS.WriteStream[] = [process.stdout, process.stderr],
): OutputMask {
  const masks = streams.map((stream) => maskWrites(stream, masker));
  return {
    flush: () => {
      for (const mask of masks) mask.flush();
    },
    end: () => {
      for (const mask of masks) mask.end();
    },
  };
}

function maskWrites(stream: NodeJS.WriteStream, masker: StreamMasker): OutputMask {
  const write = stream.write.bind(stream);
  const original = Object.getOwnPropertyDescriptor(stream, "write");
  const text = new TextMasker(masker);
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    const last = text.flush();
    if (last !== "") write(last);
  };
  const masked = (chunk: Uint8Array | string, encoding?: BufferEncoding | Done, done?: Done): boolean => {
    const callback = typeof encoding === "function" ? encoding : done;
    const plain = typeof chunk === "string" && typeof encoding === "string" && !isUtf8(encoding);
    const shown = text.push(plain ? Buffer.from(chunk, encoding) : chunk);
    clearTimeout(timer);
    timer = setTimeout(flush, PATIENCE_MS);
    timer.unref();
    return write(shown, callback);
  };
  stream.write = masked;
  process.on("exit", flush);
  const end = (): void => {
    process.off("exit", flush);
    flush();
    if (original === undefined) delete (stream as { write?: unknown }).write;
    else Object.defineProperty(stream, "write", original);
  };
  return { flush, end };
}

function isUtf8(encoding: string): boolean {
  return encoding === "utf8" || encoding === "utf-8";
}
