/** Pieces that a text is written in, in UTF-16 units: large enough to be fast, small enough not to hold a second copy of it. */
const PIECE = 65_536;

/**
 * Writes all of `text`, waiting wherever the reader is slow, and resolves when the stream has handed over the last byte. A reader that
 * has gone away (EPIPE) is no failure: nobody is there to miss the rest. Any other error is returned.
 */
export async function writeWhole(stream: NodeJS.WritableStream, text: string): Promise<Error | undefined> {
  let failure: Error | undefined;
  const failed = (error: Error): void => {
    failure ??= error;
  };
  // Stays on: an EPIPE may be reported once more, after the write's own callback.
  stream.on("error", failed);
  for (let start = 0; start < text.length && failure === undefined;) {
    let end = Math.min(start + PIECE, text.length);
    // Never between the halves of a surrogate pair: each half alone would be written as U+FFFD.
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end += 1;
    const piece = text.slice(start, end);
    await new Promise<void>((resolve) => {
      stream.write(piece, (error) => {
        if (error != null) failed(error);
        resolve();
      });
    });
    start = end;
  }
  return (failure as NodeJS.ErrnoException | undefined)?.code === "EPIPE" ? undefined : failure;
}
