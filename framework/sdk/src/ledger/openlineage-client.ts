/** Delivers events to an OpenLineage server, in order, behind the run's back. */
export interface OpenLineageClient {
  /** Queues an event. Never waits, never throws. */
  post(event: string): void;
  /** Waits until the queue is empty, `limit` milliseconds at most; what is left then is given up. */
  drain(limit: number): Promise<void>;
  /** Events that were given up. */
  readonly lost: number;
}

/** How hard the client tries. */
const EFFORT = {
  requestTimeout: 5_000,
  attempts: 3,
  backoff: 200,
  mostEvents: 1_000,
  mostBytes: 16_777_216,
  failuresInARow: 3,
} as const;

/** Where events go when the URL names a server and no path. */
const DEFAULT_PATH = "/api/v1/lineage";

/**
 * Makes the client of `DATAPY_OPENLINEAGE_URL`; undefined where that is not set. A server that does not answer is given up after a
 * few events. `warn` is told once.
 */
export function createOpenLineageClient(
  env: Readonly<Record<string, string | undefined>>,
  warn: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): OpenLineageClient | undefined {
  const address = (env["DATAPY_OPENLINEAGE_URL"] ?? "").trim();
  if (address === "") return undefined;
  const endpoint = readAddress(address);
  if (endpoint === undefined) {
    warn("DATAPY_OPENLINEAGE_URL is not an http or https address; no events are delivered", {});
    return undefined;
  }
  return startQueue(endpoint, requestHeaders(endpoint, env), warn);
}

function readAddress(address: string): URL | undefined {
  try {
    const url = new URL(address);
    if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
    if (url.pathname === "/") url.pathname = DEFAULT_PATH;
    return url;
  } catch {
    return undefined;
  }
}

function requestHeaders(endpoint: URL, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  const key = env["DATAPY_OPENLINEAGE_API_KEY"];
  if (key !== undefined && key !== "") headers["authorization"] = `Bearer ${key}`;
  else if (endpoint.username !== "") {
    const credentials = `${decodeURIComponent(endpoint.username)}:${decodeURIComponent(endpoint.password)}`;
    headers["authorization"] = `Basic ${Buffer.from(credentials).toString("base64")}`;
  }
  // fetch refuses an address with credentials in it.
  endpoint.username = "";
  endpoint.password = "";
  return headers;
}

function startQueue(
  endpoint: URL,
  headers: Record<string, string>,
  warn: (message: string, fields: Readonly<Record<string, unknown>>) => void,
): OpenLineageClient {
  const queue: string[] = [];
  const stop = new AbortController();
  let bytes = 0;
  let lost = 0;
  let failures = 0;
  let working: Promise<void> | undefined;

  const giveUp = (count: number, reason: string): void => {
    if (lost === 0) warn("OpenLineage events could not be delivered", { server: endpoint.origin, reason });
    lost += count;
  };
  const work = async (): Promise<void> => {
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      bytes -= event.length;
      const reason = await deliver(endpoint, headers, event, stop.signal);
      failures = reason === undefined ? 0 : failures + 1;
      if (reason !== undefined) giveUp(1, reason);
      if (failures >= EFFORT.failuresInARow || stop.signal.aborted) {
        if (queue.length > 0) giveUp(queue.length, reason ?? "out of time");
        queue.length = 0;
        bytes = 0;
      }
    }
    working = undefined;
  };

  return {
    get lost() {
      return lost;
    },
    post(event) {
      const full = queue.length >= EFFORT.mostEvents || bytes + event.length > EFFORT.mostBytes;
      if (full || failures >= EFFORT.failuresInARow) {
        giveUp(1, full ? "too many events wait" : "given up");
        return;
      }
      queue.push(event);
      bytes += event.length;
      working ??= work();
    },
    async drain(limit) {
      if (working === undefined) return;
      const timer = setTimeout(() => stop.abort(), limit);
      try {
        await working;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Posts an event; gives the reason when it could not be delivered. What the server refuses (4xx) is not tried again. */
async function deliver(
  endpoint: URL,
  headers: Record<string, string>,
  body: string,
  stop: AbortSignal,
): Promise<string | undefined> {
  let reason = "out of time";
  for (let attempt = 1; attempt <= EFFORT.attempts && !stop.aborted; attempt += 1) {
    if (attempt > 1) await pause(EFFORT.backoff * 2 ** (attempt - 2), stop);
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(EFFORT.requestTimeout)]);
      const answer = await fetch(endpoint, { method: "POST", headers, body, signal });
      await answer.body?.cancel();
      if (answer.ok) return undefined;
      reason = `the server answered ${answer.status}`;
      if (answer.status < 500 && answer.status !== 408 && answer.status !== 429) return reason;
    } catch (error) {
      reason = failure(error);
    }
  }
  return reason;
}

function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    }
    stop.addEventListener("abort", done);
  });
}

function failure(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
