import { readFileSync } from "node:fs";
import type { RunEvent } from "./openlineage-types.js";

/** A line of the ledger or its index; undefined when it is not whole. */
export function parseLine(line: string): Record<string, unknown> | undefined {
  if (line === "") return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Torn by a kill or a full disk: what is whole is what counts.
    return undefined;
  }
}

/** Events of a session's file, whole lines only. */
export function readEvents(file: string): RunEvent[] {
  const events: RunEvent[] = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const event = parseLine(line);
    if (event !== undefined && "eventType" in event) events.push(event as unknown as RunEvent); // Our own file; torn lines are out.
  }
  return events;
}

/** Facet of DataPy in an event. */
export function datapyFacet(event: RunEvent): Readonly<Record<string, unknown>> {
  return event.run.facets?.["datapy"] ?? {};
}
