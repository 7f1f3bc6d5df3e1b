import { setTimeout as pause } from "node:timers/promises";
import type { PlanRetries } from "../plan/plan-types.js";

/** How long to wait before the next try after so many failures, in milliseconds. */
export function retryWait({ initial_ms, factor, max_ms }: PlanRetries, failures: number): number {
  return Math.min(initial_ms * factor ** (failures - 1), max_ms);
}

/** Waits; gives whether nothing ended the wait. */
export async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(milliseconds, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
