import type { ExitCode } from "@datapy/mod-kit";

/** A test that was run. */
export interface TestReport {
  /** File of the test. */
  readonly file: string;
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  readonly failures: readonly string[];
  /** Why it was skipped. */
  readonly reason?: string;
  /** Seconds. */
  readonly execution_time: number;
  /** Golden files that were written. */
  readonly updated: readonly string[];
}

/** All tests of an invocation. */
export interface PipelineTestReport {
  /** 0, or 30 where tests failed, or 20 where files of tests cannot be read. */
  readonly exit_code: ExitCode;
  readonly tests: readonly TestReport[];
}

/** JUnit's XML, as continuous integration servers read it: a suite for each file. */
export function junitReport({ tests }: PipelineTestReport, nameOf: (file: string) => string): string {
  const files = [...new Set(tests.map(({ file }) => file))];
  const suites = files.map((file) =>
    suite(
      nameOf(file),
      tests.filter((test) => test.file === file),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${counts(tests)}>\n${suites.join("")}</testsuites>\n`;
}

function suite(name: string, tests: readonly TestReport[]): string {
  const cases = tests.map((test) => testCase(name, test)).join("");
  return `  <testsuite name="${xml(name)}"${counts(tests)}>\n${cases}  </testsuite>\n`;
}

function testCase(suiteName: string, { name, status, failures, reason, execution_time: time }: TestReport): string {
  const head = `    <testcase name="${xml(name)}" classname="${xml(suiteName)}" time="${time.toFixed(3)}"`;
  if (status === "passed") return `${head}/>\n`;
  const [first = ""] = failures;
  const body =
    status === "skipped"
      ? `      <skipped message="${xml(reason ?? "")}"/>\n`
      : `      <failure message="${xml(first.split("\n", 1)[0] ?? "")}">${xml(failures.join("\n"))}</failure>\n`;
  return `${head}>\n${body}    </testcase>\n`;
}

function counts(tests: readonly TestReport[]): string {
  const of = (status: TestReport["status"]): number => tests.filter((test) => test.status === status).length;
  const time = tests.reduce((sum, { execution_time: seconds }) => sum + seconds, 0);
  return ` tests="${String(tests.length)}" failures="${String(of("failed"))}" errors="0" skipped="${String(of("skipped"))}" time="${time.toFixed(3)}"`;
}

/** Text for XML 1.0, which has no place for most control characters. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[<>&"'\n\r\t]/g, (character) => `&#${String(character.codePointAt(0) ?? 32)};`);
}
