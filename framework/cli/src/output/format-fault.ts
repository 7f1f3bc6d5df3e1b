import type { DatapyError, SourceLocation } from "@datapy/mod-kit";
import type { Paint } from "./paint.js";

/** `file:line:column`, as far as it is known. */
function formatLocation({ file, line, column }: SourceLocation): string {
  return [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":");
}

/** A fault for people: what, where (with an `excerpt` of the file) and what to do about it, each on lines of its own. */
export function formatFaultForPeople(fault: DatapyError, paint: Paint, excerpt?: string): string {
  const lines = [`${paint.red(paint.bold("error"))} ${paint.bold(fault.code)}: ${indented(fault.message)}`];
  if (fault.location !== undefined) lines.push(`  at ${paint.cyan(formatLocation(fault.location))}`);
  if (excerpt !== undefined) lines.push(`  ${indented(excerpt)}`);
  if (fault.hint !== undefined && fault.hint !== "") lines.push(`  ${paint.dim(indented(fault.hint))}`);
  return lines.join("\n");
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n  ");
}
