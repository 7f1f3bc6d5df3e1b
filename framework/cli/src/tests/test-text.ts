import path from "node:path";
import type { PipelineTestReport, TestReport } from "@datapy/sdk/pipeline-tests";
import { paintFor } from "../output/paint.js";

/** What is printed when a test has ended. */
export function testLine(test: TestReport, cwd: string): string {
  const paint = paintFor(process.stdout);
  const { file, name, status, failures, reason, execution_time: seconds, updated } = test;
  const where = `${path.relative(cwd, file)}: ${name}`;
  const lines = updated.map((golden) => `  wrote ${path.relative(cwd, golden)}`);
  if (status === "skipped") return `${paint.yellow("skip")} ${where} (${reason ?? ""})`;
  if (status === "passed") return [`pass ${where} (${seconds.toFixed(2)} s)`, ...lines].join("\n");
  const why = failures.flatMap((failure) => failure.split("\n")).map((line) => `  ${line}`);
  return [`${paint.red(paint.bold("FAIL"))} ${where} (${seconds.toFixed(2)} s)`, ...why, ...lines].join("\n");
}

/** The last line. */
export function testSummary({ tests }: PipelineTestReport): string {
  const of = (status: TestReport["status"]): number => tests.filter((test) => test.status === status).length;
  const parts = [
    `${String(of("passed"))} passed`,
    `${String(of("failed"))} failed`,
    `${String(of("skipped"))} skipped`,
  ];
  return `\n${String(tests.length)} tests: ${parts.join(", ")}.`;
}
