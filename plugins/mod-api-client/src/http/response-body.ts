import { pipeline } from "node:stream";
import type { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { apiError } from "../api-errors.js";

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
const MOST_ENCODINGS = 2;

/** What the mod can decode, for `Accept-Encoding`. */
export const ACCEPTED_ENCODINGS = "gzip, br";

/**
 * The decoded bytes of a body, chunk by chunk. Neither what is received nor what it decodes to may be larger than `limit` bytes: a small
 * body that decodes to a huge one is given up as soon as it is past it.
 *
 * @throws DatapyError `API_BODY_TOO_LARGE`, `API_BAD_ENCODING`, `API_BODY_CUT`
 */
export async function* bodyChunks(
  body: Readable,
  headers: { readonly encoding: string | undefined; readonly length: string | undefined },
  limit: number,
  place: string,
): AsyncGenerator<Buffer> {
  if (Number(headers.length) > limit) throw tooLarge(place, limit);
  const names = (headers.encoding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  const decoders = names.reverse().map((name) => {
    const make = DECODERS[name];
    if (make === undefined || names.length > MOST_ENCODINGS)
      throw apiError(
        "API_BAD_ENCODING",
        `${place} answered with the content encoding ${names.join(", ")}, which was not asked for`,
      );
    return make();
  });
  let source: Readable = body;
  for (const decoder of decoders) {
    // Errors reach whoever reads the last stream.
    source = pipeline(source, decoder, () => undefined);
  }
  let size = 0;
  try {
    for await (const chunk of source) {
      size += (chunk as Buffer).length;
      if (size > limit) throw tooLarge(place, limit);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw decodingError(error, place);
  } finally {
    body.on("error", () => undefined).destroy();
  }
}

function tooLarge(place: string, limit: number): Error {
  return apiError("API_BODY_TOO_LARGE", `the answer of ${place} is larger than ${String(limit)} bytes`);
}

function decodingError(error: unknown, place: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "Z_BUF_ERROR")
    return apiError("API_BODY_CUT", `the compressed answer of ${place} ends too early`, {
      retryable: true,
      cause: error,
    });
  if (
    typeof code === "string" &&
    (code.startsWith("Z_") || (code.startsWith("ERR_") && /brotli|decompress/i.test(message)))
  )
    return apiError("API_BAD_ENCODING", `the compressed answer of ${place} cannot be decoded: ${message}`, {
      cause: error,
    });
  return error;
}
