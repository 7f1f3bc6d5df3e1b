import type { RegistryProblem } from "@datapy/sdk/registry";
import { paintFor } from "./paint.js";

/** Says on stderr which packages should have given mods and did not. */
export function reportProblems(problems: readonly RegistryProblem[]): void {
  const paint = paintFor(process.stderr);
  for (const { code, packageName, message, hint, root } of problems) {
    const subject = packageName === "" || message.includes(packageName) ? "" : `${packageName}: `;
    process.stderr.write(
      `${paint.yellow(paint.bold("warning"))} ${paint.bold(code)}: ${subject}${message}\n  in ${root}\n`,
    );
    if (hint !== "") process.stderr.write(`  ${paint.dim(hint)}\n`);
  }
}
