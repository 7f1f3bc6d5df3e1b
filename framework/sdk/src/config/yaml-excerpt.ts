import { existsSync } from "node:fs";
import type { DatapyError, SourceLocation } from "@datapy/mod-kit";
import { readYamlFile } from "./read-yaml-file.js";
import { startsOfLines } from "./yaml-document.js";

const WIDTH = 100;

/** A line of a text with a caret under a place in it, and the line above it: how a fault of the YAML itself is shown. */
export function yamlExcerpt(text: string, location: Pick<SourceLocation, "line" | "column">): string {
  const starts = startsOfLines(text);
  const line = Math.min(location.line ?? 1, starts.length);
  const column = location.column ?? 1;
  // Of a very long line the part round the place is shown.
  const from = column > WIDTH ? column - Math.floor(WIDTH / 2) : 0;
  const numberWidth = String(line).length;
  const shown = (number: number): string => {
    const whole = text.slice(starts[number - 1], starts[number] ?? text.length).replace(/[\r\n]+$/, "");
    const part = whole.slice(from, from + WIDTH).replace(/[\t\u0000-\u001f\u007f]/g, " ");
    return `  ${String(number).padStart(numberWidth)} | ${from > 0 ? "…" : ""}${part}${whole.length > from + WIDTH ? "…" : ""}`;
  };
  const caret = `  ${" ".repeat(numberWidth)} | ${" ".repeat(Math.max(0, column - 1 - from + (from > 0 ? 1 : 0)))}^`;
  return [...(line > 1 ? [shown(line - 1)] : []), shown(line), caret].join("\n");
}

/**
 * The excerpt of a fault of the YAML itself (`DATAPY_YAML_…`), read from its file; `undefined` for other faults, whose lines may hold
 * secrets and are right as YAML, and where the file is gone.
 */
export function excerptOfFault({ code, location }: DatapyError): string | undefined {
  if (!code.startsWith("DATAPY_YAML_") || location?.line === undefined || !existsSync(location.file)) return undefined;
  try {
    return yamlExcerpt(readYamlFile(location.file, "/"), location);
  } catch {
    // The fault itself is told in any case.
    return undefined;
  }
}
