import { apiError } from "../api-errors.js";
import { placeOf } from "../http/http-client.js";
import type { PageDownload } from "./page-download.js";
import type { PageRequest } from "./page-request.js";
import type { PageRead, Paginator } from "./paginator.js";

/** How pages are fetched and read. */
export interface PageReading {
  readonly concurrency: number;
  readonly maxPages: number;
  readonly signal: AbortSignal;
  download(request: PageRequest, signal: AbortSignal): Promise<PageDownload>;
  /** Takes the records of a page; pages come in order, one at a time. */
  read(page: PageDownload): Promise<PageRead>;
}

/** Fetches all pages, several at once where their requests are known ahead, and reads them in order. Gives their number. */
export async function readPages(paginator: Paginator, reading: PageReading): Promise<number> {
  const { concurrency, maxPages, signal } = reading;
  // Ends what was fetched ahead when the last page turns out to be earlier, or one fails.
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const ahead = new Map<number, Promise<PageDownload>>();
  const start = (request: PageRequest): Promise<PageDownload> => {
    const download = reading.download(request, both);
    download.catch(() => undefined);
    return download;
  };
  try {
    let request: PageRequest | undefined = paginator.first();
    let pages = 0;
    while (request !== undefined) {
      const { number }: PageRequest = request;
      if (number > maxPages)
        throw apiError(
          "API_TOO_MANY_PAGES",
          `${placeOf(request.url)} has more than ${String(maxPages)} pages (\`max_pages\`)`,
        );
      const download: Promise<PageDownload> = ahead.get(number) ?? start(request);
      ahead.delete(number);
      if (number > 1 && concurrency > 1) {
        for (let next = number + 1; next < number + concurrency && next <= maxPages; next += 1) {
          const known = ahead.has(next) ? undefined : paginator.ahead?.(next);
          if (known !== undefined) ahead.set(next, start(known));
        }
      }
      const page = await reading.read(await download);
      pages = page.pastEnd ? pages : number;
      request = paginator.next(page);
    }
    return pages;
  } finally {
    stop.abort();
    await Promise.allSettled(ahead.values());
  }
}
