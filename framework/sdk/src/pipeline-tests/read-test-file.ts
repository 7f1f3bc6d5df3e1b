import { readSourceFile } from "../config/config-sources.js";
import type { SourceFile } from "../config/config-sources.js";
import { untrace } from "../config/traced-value.js";
import { fault } from "../errors.js";
import { FaultList } from "../faults.js";
import { checkShape } from "../lint/check-shape.js";
import { FindingList } from "../lint/finding.js";
import { PipelineTestSchema } from "../schema/pipeline-test-schema.js";
import type { PipelineTestFile } from "../schema/pipeline-test-schema.js";

/** Names of files of tests. */
export const TEST_FILE = /\.test\.ya?ml$/i;

/** Reads a file of tests. @throws FaultList of all that is wrong with it, exit code 20 */
export function readTestFile(file: string, cwd: string): PipelineTestFile {
  const source = readSourceFile({ cwd }, { path: file }, "params");
  const findings = new FindingList();
  checkTestFile(source, findings);
  const faults = findings.all.filter(({ severity }) => severity === "error").map(({ error }) => error);
  if (faults.length > 0) throw new FaultList(faults);
  return untrace(source.root) as PipelineTestFile; // Its shape has been checked.
}

/** Checks a file of tests, for lint too. */
export function checkTestFile({ root }: Pick<SourceFile, "root">, findings: FindingList): void {
  checkShape(root, PipelineTestSchema, findings);
  const [job, mod] = [root.entries.get("job"), root.entries.get("mod")];
  if ((job === undefined) === (mod === undefined))
    findings.error(
      fault(
        "DATAPY_CONFIG_SHAPE",
        { what: "the file", expected: "either job or mod", given: job === undefined ? "neither" : "both" },
        { location: (mod ?? root).location },
      ),
    );
  const tests = root.entries.get("tests");
  const names = new Map<string, number>();
  for (const test of tests?.kind === "array" ? tests.items : []) {
    const name = test.kind === "object" ? test.entries.get("name") : undefined;
    if (name?.kind !== "scalar" || typeof name.value !== "string") continue;
    const first = names.get(name.value);
    if (first !== undefined)
      findings.error(fault("DATAPY_YAML_DUPLICATE_KEY", { key: name.value, first }, { location: name.location }));
    else names.set(name.value, name.location?.line ?? 0);
  }
}
