import { parseLogLine, renderPretty } from "@datapy/sdk/log-line";
import { paintFor } from "../output/paint.js";

/** Prints a line of a log file, and waits where the reader is slow. Lines that are not DataPy's own are printed as they are. */
export async function printLogLine(line: string, pretty: boolean): Promise<void> {
  const record = pretty ? parseLogLine(line) : undefined;
  const text = record === undefined ? line : renderPretty(record, paintFor(process.stdout).bold("x") !== "x");
  if (process.stdout.write(`${text}\n`)) return;
  await new Promise((resolve) => process.stdout.once("drain", resolve));
}
