import type { Envelope } from "@datapy/mod-kit";
import { writeWhole } from "@datapy/sdk/write-whole";
import { oneScreen } from "../output/one-screen.js";
import { paintFor } from "../output/paint.js";

/** Says on stderr, for people, what an envelope says under `errors` and `warnings`, and where the log is. */
export async function reportEnvelope(text: string): Promise<void> {
  const envelope = JSON.parse(text) as Envelope;
  const paint = paintFor(process.stderr);
  const warnings = envelope.status === "error" ? [] : envelope.warnings;
  const lines = [
    ...oneScreen(
      envelope.errors.map((error) => `${paint.red(paint.bold("error"))} ${emphasized(error, paint.bold)}`),
      "errors, in the result and the log",
    ),
    ...oneScreen(
      warnings.map((warning) => `${paint.yellow(paint.bold("warning"))} ${warning}`),
      "warnings, in the result and the log",
    ),
  ];
  if (lines.length === 0) return;
  if (envelope.logs.log_file !== "") lines.push(paint.dim(`log: ${envelope.logs.log_file}`));
  await writeWhole(process.stderr, `${lines.join("\n")}\n`);
}

/** The code at the beginning, made to stand out. */
function emphasized(error: string, bold: (text: string) => string): string {
  const [, code, rest] = /^([A-Z][A-Z0-9_]+:)(.*)$/s.exec(error) ?? [];
  return code === undefined || rest === undefined ? error : bold(code) + rest;
}
