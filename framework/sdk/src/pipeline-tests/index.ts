export { junitReport } from "./junit-report.js";
export type { PipelineTestReport, TestReport } from "./junit-report.js";
export { listTests } from "./list-tests.js";
export type { BrokenTestFile, ListedTest } from "./list-tests.js";
export { runTestCase } from "./run-test-case.js";
export type { TestCaseOutcome, TestCaseRequest } from "./run-test-case.js";
