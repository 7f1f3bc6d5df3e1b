import assert from "node:assert/strict";
import { existsSync, openSync, closeSync, readSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { ModDefinition } from "@datapy/mod-kit";
import type { WatchedRun } from "../watched-run.js";
import type { Workplace } from "../workplace.js";
import { CANONICAL_METRICS, HOST_METRICS } from "./canonical-names.js";
import { none } from "../expect.js";

/** How long a canceled mod may go on, in milliseconds. */
const CANCEL_LIMIT_MS = 20_000;

/** A run that succeeded made what the mod declares: nothing else, and all that is not optional. Tables are Parquet files, whole. */
export function checkArtifacts({ artifacts: declared }: ModDefinition, { envelope }: WatchedRun): void {
  if (envelope.status === "error") return;
  const made = Object.keys(envelope.artifacts);
  none(
    made.filter((key) => !Object.hasOwn(declared, key)),
    "artifacts are declared in defineMod",
  );
  const lacking = Object.entries(declared).flatMap(([key, { optional }]) =>
    optional === true || made.includes(key) ? [] : [key],
  );
  none(lacking, "a run that succeeds makes every artifact that is not `optional`");
  for (const [key, uri] of Object.entries(envelope.artifacts)) {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(uri)) continue;
    assert.ok(existsSync(uri), `the artifact ${key} is there: ${uri}`);
    if (declared[key]?.kind === "table") assert.ok(isParquet(uri), `the table ${key} is a whole Parquet file: ${uri}`);
  }
}

/** Metrics have the names that users know, and none of the host's. */
export function checkMetrics({ metrics }: WatchedRun): void {
  const names = [...metrics];
  none(
    names.filter((name) => HOST_METRICS.includes(name)),
    "metrics that the host measures are not a mod's to add",
  );
  none(
    names.flatMap((name) =>
      CANONICAL_METRICS[name] === undefined ? [] : [`${name} is called ${CANONICAL_METRICS[name]} everywhere`],
    ),
    "metrics have the names that users know",
  );
  none(
    names.filter((name) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)),
    "names of metrics are written in snake_case",
  );
}

/** A canceled run ends as such, the mod itself ends soon after, and nothing that it had not finished remains. */
export async function checkCanceled({ envelope, ended }: WatchedRun, place: Workplace): Promise<void> {
  // What was done before the signal came is done.
  if (envelope.status !== "error") return;
  assert.ok(
    [50, 20].includes(envelope.exit_code),
    `a canceled run ends with exit code 50: ${String(envelope.exit_code)}, ${envelope.errors.join("\n")}`,
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => (timer = setTimeout(() => resolve("late"), CANCEL_LIMIT_MS)));
  const end = await Promise.race([ended, late]);
  clearTimeout(timer);
  assert.notEqual(end, "late", "a mod ends when ctx.signal says so");
  none(unfinished(place.workPath), "a canceled run leaves no unfinished file");
}

function unfinished(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".unfinished") || (name.endsWith(".parquet") && !isParquet(path.join(folder, name))),
  );
}

/** Whether a file begins and ends as a Parquet file does: the end is written last. */
export function isParquet(file: string): boolean {
  const { size } = statSync(file);
  if (size < 12) return false;
  const handle = openSync(file, "r");
  try {
    return [0, size - 4].every((position) => {
      const bytes = Buffer.alloc(4);
      readSync(handle, bytes, 0, 4, position);
      return bytes.toString("latin1") === "PAR1";
    });
  } finally {
    closeSync(handle);
  }
}
