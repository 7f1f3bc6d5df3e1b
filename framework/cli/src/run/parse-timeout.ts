import type { DatapyError } from "@datapy/mod-kit";
import { parseDuration } from "@datapy/sdk/quantity";

/** Milliseconds of a `--timeout`: a number of seconds (`90`, `0.5`) or text with units (`500ms`, `5m`, `1h 30m`). */
export async function parseTimeout(text: string): Promise<number> {
  const given = text.trim();
  const milliseconds = parseDuration(/^\d+(?:\.\d+)?$/.test(given) ? Number(given) : given);
  if (milliseconds === undefined || milliseconds <= 0) throw await unclear(text);
  return Math.ceil(milliseconds);
}

async function unclear(text: string): Promise<DatapyError> {
  const { fault } = await import("@datapy/sdk/errors");
  const detail = `--timeout: ${JSON.stringify(text)} is not a length of time`;
  return fault(
    "DATAPY_CLI_BAD_FLAG",
    { detail },
    { hint: "Write a number of seconds, or 500ms, 30s, 5m, 1h 30m; more than zero." },
  );
}
