/** Bytes that are read before they are refused: far above what the YAML reader takes, far below what hurts. */
const LARGEST = 64 * 1024 * 1024;

/**
 * All of standard input, as text: a pipe, a file, a terminal; none at all (closed) is empty.
 * @throws DatapyError `DATAPY_FILE_UNREADABLE`, exit code 20, when it is too long or no UTF-8 text.
 */
export async function readStdinText(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST) throw await unreadable("it is longer than 64 MiB");
  }
  try {
    // A byte order mark at the start is no part of the text.
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw await unreadable("it is not UTF-8 text", error);
  }
}

async function unreadable(detail: string, cause?: unknown): Promise<Error> {
  const { fault } = await import("@datapy/sdk/errors");
  return fault("DATAPY_FILE_UNREADABLE", { path: "standard input", detail }, { cause });
}
