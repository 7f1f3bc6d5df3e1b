import { closeSync, openSync, readSync } from "node:fs";
import { writeWhole } from "./quarantine.js";

const BLOCK = 4 * 1024 * 1024;

/** Copies bytes `from` to `until` of a file, leaving out spans (start, end, start, end, … in order). */
export async function copySound(
  source: string,
  target: string,
  from: number,
  until: number,
  spans: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const input = openSync(source, "r");
  try {
    const output = openSync(target, "w");
    try {
      const block = Buffer.allocUnsafe(BLOCK);
      let at = from;
      const copy = async (to: number): Promise<void> => {
        while (at < to) {
          signal.throwIfAborted();
          const got = readSync(input, block, 0, Math.min(BLOCK, to - at), at);
          if (got === 0) return;
          writeWhole(output, block.subarray(0, got));
          at += got;
          if (got === BLOCK) await new Promise((resolve) => setImmediate(resolve));
        }
      };
      for (let i = 0; i < spans.length; i += 2) {
        await copy(spans[i] ?? until);
        at = spans[i + 1] ?? until;
      }
      await copy(until);
    } finally {
      closeSync(output);
    }
  } finally {
    closeSync(input);
  }
}
