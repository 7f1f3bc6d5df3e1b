import { writeFile } from "node:fs/promises";
import { DatapyError, isDatapyError, missingFileHint } from "@datapy/mod-kit";
import type { Envelope } from "@datapy/mod-kit";
import {
  FileSource,
  forEachAtOnce,
  isStorageUri,
  locationUri,
  matcherOf,
  parseStorageUri,
} from "@datapy/object-storage";
import type { SourcedFile } from "@datapy/object-storage";
import { checkArchive } from "./archive/check-archive.js";
import { TableFile } from "./check-rows.js";
import { checkChecksum, checkEncoding } from "./check-text.js";
import { broken, nameRules, passed, within } from "./finding.js";
import type { Finding, NamedRule } from "./finding.js";
import type { ValidatorParams } from "./parameters.js";
import type { RuleOf } from "./rules.js";
import type { ValidatorContext } from "./validator-context.js";

const FILES_AT_ONCE = 4;
/** Faults that are named in the envelope; all are in the report. */
const MOST_FAULTS = 100;

/** What a rule found. `uri` is missing where it looks at all files together. */
interface Outcome {
  readonly uri: string | undefined;
  readonly rule: NamedRule;
  readonly finding: Finding;
}

/** Looks at every file by every rule, writes the report, and ends as the worst of what was found. */
export async function runValidation(params: ValidatorParams, ctx: ValidatorContext): Promise<Envelope> {
  const rules = nameRules(
    params.rules.some((one) => one.check === "exists") ? params.rules : [{ check: "exists" }, ...params.rules],
  );
  requireSound(rules);
  const source = new FileSource(params, ctx);
  try {
    const files = await source.find(params.input_path);
    const outcomes: Outcome[] = rules.flatMap((one) =>
      one.rule.check === "exists" ? [{ uri: undefined, rule: one, finding: checkExists(one.rule, files, params) }] : [],
    );
    const byFile: Outcome[][] = [];
    let done = 0;
    await forEachAtOnce(files, FILES_AT_ONCE, async (file, index) => {
      byFile[index] = await lookAt(file, rules, params, ctx);
      done += 1;
      ctx.progress(done, files.length, "files");
    });
    return await report([...outcomes, ...byFile.flat()], files, ctx);
  } finally {
    await source.close();
  }
}

/** Throws `FILE_VALIDATOR_BAD_RULE` for rules that no file could be measured by, all of them at once. */
function requireSound(rules: readonly NamedRule[]): void {
  const faults = rules.flatMap(({ rule, name }) => {
    if (rule.check === "name") {
      try {
        new RegExp(rule.pattern, "u");
      } catch (error) {
        return [`the pattern of ${name} is no regular expression: ${(error as Error).message}`];
      }
    }
    if ((rule.check === "size" || rule.check === "age") && rule.min === undefined && rule.max === undefined)
      return [`${name} needs \`min\` or \`max\``];
    const { min, max }: { readonly min?: number; readonly max?: number } = rule as { min?: number; max?: number };
    return min !== undefined && max !== undefined && min > max ? [`\`min\` of ${name} is greater than \`max\``] : [];
  });
  if (faults.length === 0) return;
  throw new DatapyError({
    code: "FILE_VALIDATOR_BAD_RULE",
    exitCode: 20,
    message: faults.join("; "),
    hint: "Mend the rule.",
  });
}

function checkExists(rule: RuleOf<"exists">, files: readonly SourcedFile[], params: ValidatorParams): Finding {
  const fault = within(files.length, {
    min: rule.min_files ?? 1,
    ...(rule.max_files === undefined ? {} : { max: rule.max_files }),
  });
  const where = [params.input_path].flat().join(", ");
  const count = files.length === 1 ? "1 file is" : `${String(files.length)} files are`;
  if (fault === undefined) return passed(`${count} there`, { files: files.length });
  const what = files.length === 0 ? `there is no file ${where}` : `${count} at ${where}, ${fault}`;
  return broken(`${what}${nearbyOf(files, params)}`, { files: files.length });
}

/** What lies beside a file that is not there. */
function nearbyOf(files: readonly SourcedFile[], { input_path: given }: ValidatorParams): string {
  if (files.length > 0 || typeof given !== "string" || /[*?[{]|:\/\//.test(given)) return "";
  return `. ${missingFileHint(given).replace(/\.$/, "")}`;
}

async function lookAt(
  file: SourcedFile,
  rules: readonly NamedRule[],
  params: ValidatorParams,
  ctx: ValidatorContext,
): Promise<Outcome[]> {
  const table = new TableFile(file, params, ctx);
  const outcomes: Outcome[] = [];
  for (const one of rules) {
    if (one.rule.check === "exists") continue;
    let finding: Finding;
    try {
      finding = await check(one, file, table, params, ctx);
    } catch (error) {
      ctx.signal.throwIfAborted();
      // The store or the disk has failed, which says nothing of the file.
      if (isDatapyError(error) && (error.retryable || error.exitCode >= 40)) throw error;
      finding = broken(`it cannot be read: ${firstLine(error)}`);
    }
    outcomes.push({ uri: file.uri, rule: one, finding });
  }
  return outcomes;
}

async function check(
  { rule }: NamedRule,
  file: SourcedFile,
  table: TableFile,
  params: ValidatorParams,
  ctx: ValidatorContext,
): Promise<Finding> {
  switch (rule.check) {
    case "exists":
      return passed("it is there");
    case "size": {
      const fault = within(file.size, rule);
      return fault === undefined
        ? passed(`it has ${String(file.size)} bytes`)
        : broken(`it has ${String(file.size)} bytes, ${fault}`, { bytes: file.size });
    }
    case "age": {
      const age = Date.now() - file.modified;
      const since = new Date(file.modified).toISOString();
      if (rule.min !== undefined && age < rule.min)
        return broken(
          `it was changed ${String(Math.round(age / 1000))} s ago (${since}), less than ${String(rule.min / 1000)} s`,
        );
      if (rule.max !== undefined && age > rule.max)
        return broken(
          `it was changed ${String(Math.round(age / 1000))} s ago (${since}), more than ${String(rule.max / 1000)} s`,
        );
      return passed(`it was changed at ${since}`);
    }
    case "name":
      return new RegExp(`^(?:${rule.pattern})$`, "u").test(file.name)
        ? passed("its name is as it should be")
        : broken(`its name ${JSON.stringify(file.name)} does not match ${rule.pattern}`);
    case "encoding":
      return checkEncoding(file, rule, params.encoding, ctx.signal);
    case "checksum":
      return checkChecksum(file, rule, ctx.signal);
    case "header":
      return table.header(rule);
    case "column_count":
      return table.columnCount(rule);
    case "row_count":
      return table.rowCount(rule);
    case "schema":
      return table.schema(rule);
    case "archive": {
      const content = await checkArchive(await file.local(), file.name, ctx.signal);
      const missing = (rule.required_entries ?? []).filter((pattern) => !content.entries.some(matcherOf(pattern)));
      const details = { kind: content.kind, entries: content.entries.length, bytes: content.bytes };
      if (missing.length > 0) return broken(`it has no entry ${missing.join(", ")}`, details);
      if (content.entries.length < (rule.min_entries ?? 0))
        return broken(
          `it has ${String(content.entries.length)} entries, fewer than ${String(rule.min_entries)}`,
          details,
        );
      return passed(`it is a whole ${content.kind}`, details);
    }
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}

async function report(
  outcomes: readonly Outcome[],
  files: readonly SourcedFile[],
  ctx: ValidatorContext,
): Promise<Envelope> {
  const { result } = ctx;
  const faults = outcomes.filter((one) => !one.finding.passed);
  const errors = faults.filter((one) => one.rule.severity === "error");
  const warnings = faults.filter((one) => one.rule.severity === "warn");
  const line = ({ rule, finding }: Outcome): Record<string, unknown> => ({
    rule: rule.name,
    check: rule.rule.check,
    severity: rule.severity,
    passed: finding.passed,
    message: finding.message,
    ...(finding.details === undefined ? {} : { details: finding.details }),
  });
  const document = {
    status: errors.length > 0 ? "error" : warnings.length > 0 ? "warning" : "success",
    checked_at: new Date().toISOString(),
    summary: {
      files: files.length,
      checks: outcomes.length,
      passed: outcomes.length - faults.length,
      errors: errors.length,
      warnings: warnings.length,
    },
    checks: outcomes.filter((one) => one.uri === undefined).map(line),
    files: files.map((file) => ({
      uri: file.uri,
      bytes: file.size,
      modified: new Date(file.modified).toISOString(),
      checks: outcomes.filter((one) => one.uri === file.uri).map(line),
    })),
  };
  const pending = await ctx.artifacts.createFile("report", ".json");
  await writeFile(pending.path, `${JSON.stringify(document, undefined, 2)}\n`);
  const { uri } = await pending.commit();

  for (const file of files)
    if (isStorageUri(file.uri))
      result.addDataset({ role: "input", uri: locationUri(parseStorageUri(file.uri)), bytes: file.size });
  result.addMetric("files_read", files.length);
  result.addMetric(
    "bytes_read",
    files.reduce((sum, file) => sum + file.size, 0),
  );
  result.addMetric("checks_passed", outcomes.length - faults.length);
  result.addMetric("checks_failed", faults.length);
  const say = ({ uri: file, rule, finding }: Outcome): string =>
    `${file === undefined ? "" : `${file}: `}${finding.message} (rule ${rule.name})`;
  for (const one of warnings.slice(0, MOST_FAULTS)) result.addWarning(say(one));
  if (errors.length === 0) return result.success();
  for (const one of errors.slice(0, MOST_FAULTS))
    result.addError(`FILE_VALIDATOR_FAILED: ${say(one)}. The report: ${uri}`);
  if (errors.length > MOST_FAULTS)
    result.addError(
      `FILE_VALIDATOR_FAILED: ${String(errors.length - MOST_FAULTS)} faults more, all in the report: ${uri}`,
    );
  return result.error(20);
}
