import { stripVTControlCharacters } from "node:util";
import { isDatapyError } from "@datapy/mod-kit";
import type { DatapyError } from "@datapy/mod-kit";
import { fault } from "@datapy/sdk/errors";
import { FaultList } from "@datapy/sdk/faults";
import { closestName } from "@datapy/sdk/closest-name";

/** What a fault in the command line is explained with. */
export interface UsageContext {
  readonly argv: readonly string[];
  /** Id of the command, `plugins:install`. */
  readonly id: string;
  /** Names of its flags, without dashes. */
  readonly flags: readonly string[];
}

/** The error that oclif's parser threw, as a fault (or several) of ours. What is no parse error passes unchanged. */
export function usageFault(error: unknown, context: UsageContext): unknown {
  if (!(error instanceof Error) || (error as { code?: unknown }).code === "EEXIT") return error;
  const help = `\`datapy ${context.id.replaceAll(":", " ")} --help\` shows what it takes.`;
  const { flags, args } = error as { flags?: unknown; args?: unknown };
  if (Array.isArray(flags)) return several(flags.map((flag) => unknownFlag(String(flag), context, help)));
  if (Array.isArray(args)) {
    return several(
      args.map((arg: unknown) => (typeof arg === "string" ? unexpected(arg, context, help) : missing(arg, help))),
    );
  }
  const detail = cleaned(error.message);
  return isDatapyError(error)
    ? fault("DATAPY_CLI_BAD_FLAG", { detail }, { cause: error, hint: error.hint ?? help })
    : fault("DATAPY_CLI_BAD_FLAG", { detail }, { cause: error, hint: help });
}

function several(faults: DatapyError[]): Error {
  const [first] = faults;
  return faults.length === 1 && first !== undefined ? first : new FaultList(faults);
}

/** Only the name of the flag is shown: what follows `=` may be a secret. */
function unknownFlag(given: string, context: UsageContext, help: string): DatapyError {
  const flag = given.split("=", 1)[0] ?? given;
  const meant = closestName(flag.replace(/^-+/, ""), context.flags);
  return fault(
    "DATAPY_CLI_UNKNOWN_FLAG",
    { flag },
    { hint: meant === undefined ? help : `Did you mean --${meant}? ${help}` },
  );
}

function missing(arg: unknown, help: string): DatapyError {
  const { name, description } = arg as { name?: string; description?: string };
  const argument = (name ?? "argument").toUpperCase();
  return fault(
    "DATAPY_CLI_MISSING_ARGUMENT",
    { argument },
    { hint: description === undefined ? help : `${argument}: ${description} ${help}` },
  );
}

/** A word behind `--set key=value` is most likely the rest of an unquoted value, perhaps a secret one: it is not shown. */
function unexpected(word: string, context: UsageContext, help: string): DatapyError {
  const before = context.argv[context.argv.indexOf(word) - 1] ?? "";
  const setting = /^(?:--set=)?([^=\s]+)=/.exec(before)?.[1];
  return setting === undefined
    ? fault(
        "DATAPY_CLI_UNEXPECTED_ARGUMENT",
        { argument: JSON.stringify(word) },
        { hint: `${placeOf(context)}${help}` },
      )
    : fault(
        "DATAPY_CLI_UNEXPECTED_ARGUMENT",
        { argument: `behind ${setting}=…` },
        { hint: `Quote a value that holds spaces: --set '${setting}=…'.` },
      );
}

/** Where a word of the command line may have been meant to go. */
function placeOf({ id, flags }: UsageContext): string {
  if (id === "run-script") return "The script's own arguments follow after `--`. ";
  return flags.includes("set") && flags.includes("params")
    ? "Parameters are given with --set KEY=VALUE, or in a file with -p FILE. "
    : "";
}

/** oclif's message without its decoration. */
function cleaned(message: string): string {
  return stripVTControlCharacters(message)
    .replace(/\nSee more help with --help/g, "")
    .replace(/^Parsing (--\S+)\s+/, "$1: ")
    .replace(/^Missing required flag (?=[a-z])/, "missing flag --")
    .replace(/^The following errors? occurred:\s+/, "")
    .replace(/\s*\n\s*/g, "; ")
    .trim();
}
