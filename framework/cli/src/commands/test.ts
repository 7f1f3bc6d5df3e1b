import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fault } from "@datapy/sdk/errors";
import { systemReason } from "@datapy/sdk/system-reason";
import { junitReport } from "@datapy/sdk/pipeline-tests";
import type { PipelineTestReport } from "@datapy/sdk/pipeline-tests";
import { BaseCommand } from "../base-command.js";
import { Args, Flags } from "../oclif.js";
import { runTests } from "../tests/run-tests.js";
import { testLine, testSummary } from "../tests/test-text.js";

export default class Test extends BaseCommand {
  static override summary = "Run the tests of pipelines.";
  static override description = `Runs the tests of \`*.test.yaml\` files: a job, or one mod, on rows or files that the test gives, with steps mocked where it says so, held against what it expects. Each test runs in a process and an empty folder of its own: nothing of the project is written to.

Golden files hold whole tables; --update writes them as they now are.

Exit codes: 0 all tests passed, 20 a file of tests is wrong or there is none, 30 tests failed.`;
  static override examples = [
    { description: "All tests below the working directory:", command: "<%= config.bin %> <%= command.id %>" },
    {
      description: "Some, with a report for a CI server:",
      command: "<%= config.bin %> <%= command.id %> tests/nightly.test.yaml --name 'rejects*' --junit report.xml",
    },
  ];
  static override enableJsonFlag = true;
  static override args = {
    path: Args.string({ default: ".", description: "File of tests, or folder that is searched for them." }),
  };
  static override flags = {
    name: Flags.string({ helpValue: "NAME", description: "Only tests of this name; * stands for anything." }),
    update: Flags.boolean({ char: "u", description: "Write golden files instead of comparing with them." }),
    junit: Flags.string({ helpValue: "FILE", description: "Write a report in JUnit's XML there, too." }),
    parallel: Flags.integer({
      min: 1,
      helpValue: "N",
      description: "Tests that run at once. Default: the number of processors.",
    }),
  };

  async run(): Promise<PipelineTestReport> {
    const { args, flags } = await this.parse(Test);
    const cwd = process.cwd();
    const report = await runTests({
      target: args.path,
      cwd,
      pattern: flags.name,
      update: flags.update,
      parallel: flags.parallel ?? os.availableParallelism(),
      onEnd: (test) => {
        if (!this.jsonEnabled()) this.log(testLine(test, cwd));
      },
    });
    if (flags.junit !== undefined) writeReport(path.resolve(flags.junit), report, cwd);
    this.setExitCode(report.exit_code);
    if (!this.jsonEnabled()) this.log(testSummary(report));
    return report;
  }
}

function writeReport(file: string, report: PipelineTestReport, cwd: string): void {
  const nameOf = (test: string): string => path.relative(cwd, test).split(path.sep).join("/");
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, junitReport(report, nameOf));
  } catch (error) {
    throw fault("DATAPY_FILE_UNWRITABLE", { path: file, detail: systemReason(error) }, { cause: error });
  }
}
