import { formatFindings } from "../../src/lint/format-findings.js";
import { lintPaths } from "../../src/lint/lint-paths.js";
import type { LintReport } from "../../src/lint/lint-paths.js";
import { installFakeMods } from "../support/fake-mods.js";
import { ProjectFolder } from "../support/project-folder.js";

let folder: ProjectFolder;
let report: LintReport;
beforeAll(() => {
  folder = new ProjectFolder();
  installFakeMods(folder);
  folder.write("jobs/a, b%.yaml", "mods:\n  csv_reader: {input_path: x.csv, delimitr: 5}\n");
  report = lintPaths({ cwd: folder.root, env: process.env, paths: [] });
});
afterAll(() => folder.remove());

test("text: one line a finding, and a sum", () => {
  expect(formatFindings(report, "text", folder.root, "1.0.0").split("\n")).toEqual([
    expect.stringMatching(/^jobs\/a, b%\.yaml:2:28: warning DATAPY_PATH_MISSING .*x\.csv is not there\. /),
    "jobs/a, b%.yaml:2:35: error DATAPY_PARAMETER_UNKNOWN csv-reader has no parameter delimitr. Did you mean delimiter?",
    "1 error, 1 warning in 1 file",
  ]);
  const none = { files: ["x"], findings: [], errors: 0, warnings: 0 };
  expect(formatFindings(none, "text", folder.root, "1.0.0")).toBe("no faults in 1 file");
});

test("json: the same for programs", () => {
  expect(JSON.parse(formatFindings(report, "json", folder.root, "1.0.0"))).toMatchObject({
    files: 1,
    errors: 1,
    warnings: 1,
    findings: [
      { file: "jobs/a, b%.yaml", line: 2, column: 28, severity: "warning", code: "DATAPY_PATH_MISSING" },
      {
        file: "jobs/a, b%.yaml",
        line: 2,
        column: 35,
        severity: "error",
        code: "DATAPY_PARAMETER_UNKNOWN",
        hint: "Did you mean delimiter?",
      },
    ],
  });
});

test("github: workflow commands, with what GitHub reads as syntax escaped", () => {
  expect(formatFindings(report, "github", folder.root, "1.0.0").split("\n")[1]).toBe(
    "::error file=jobs/a%2C b%25.yaml,line=2,col=35,title=DATAPY_PARAMETER_UNKNOWN::csv-reader has no parameter delimitr. Did you mean delimiter?",
  );
});

test("sarif: version 2.1.0, with rules, places and relative URIs", () => {
  const sarif = JSON.parse(formatFindings(report, "sarif", folder.root, "1.2.3")) as {
    version: string;
    runs: Record<string, unknown>[];
  };
  expect(sarif.version).toBe("2.1.0");
  expect(sarif.runs[0]).toMatchObject({
    tool: {
      driver: {
        name: "datapy",
        version: "1.2.3",
        rules: [
          { id: "DATAPY_PARAMETER_UNKNOWN", shortDescription: { text: expect.any(String) } },
          { id: "DATAPY_PATH_MISSING", help: { text: expect.any(String) } },
        ],
      },
    },
    results: [
      { ruleId: "DATAPY_PATH_MISSING", ruleIndex: 1, level: "warning" },
      {
        ruleId: "DATAPY_PARAMETER_UNKNOWN",
        ruleIndex: 0,
        level: "error",
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: "jobs/a%2C%20b%25.yaml" },
              region: { startLine: 2, startColumn: 35 },
            },
          },
        ],
      },
    ],
  });
});

test("a file outside of the working directory is shown with its whole path", () => {
  expect(formatFindings(report, "text", "/elsewhere", "1.0.0")).toContain(folder.path("jobs/a, b%.yaml:2:35: error"));
});
