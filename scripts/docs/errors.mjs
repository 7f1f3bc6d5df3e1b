import { modKit, requireFromRoot, sdk } from "./packages.mjs";
import { code, page, table } from "./markdown.mjs";

/** Meaning of each exit code, and what a scheduler should make of it. */
const MEANINGS = {
  success: ["success", "The work is done.", "Go on."],
  warning: [
    "success with warnings",
    "The work is done; `warnings` in the envelope says what is worth a look.",
    "Go on, and tell someone.",
  ],
  validation: [
    "validation error",
    "Something given is wrong: a command, flag, mod name, parameter, YAML file or mod definition. Nothing was started.",
    "Stop; running it again changes nothing.",
  ],
  runtime: ["runtime error", "The work failed.", "Retry if the cause can pass, else stop."],
  timeout: [
    "timeout",
    "The work did not end within `--timeout`. What it had begun was undone.",
    "Retry, or give it more time.",
  ],
  canceled: ["canceled", "The run was ended by SIGINT, SIGTERM or SIGHUP.", "Start it again when it suits."],
};

const places = (text) => text.replace(/\{(\w+)\}/g, "*$1*");

/** A table of errors, in order of code. */
const errorTable = (errors) =>
  table(
    ["Code", "Exit code", "Retryable", "What happened", "What to do"],
    Object.entries(errors)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, row]) => [
        code(name),
        row.exitCode,
        row.retryable ? "yes" : "no",
        places(row.message),
        places(row.hint),
      ]),
  );

export async function errorsPage() {
  const { ERROR_TABLE } = sdk("errors");
  const { DATABASE_ERRORS } = requireFromRoot("@datapy/database");
  const { OBJECT_STORAGE_ERRORS } = requireFromRoot("@datapy/object-storage");
  return page(
    "Errors",
    "Every error has a code that stays the same from version to version; the text beside it may change. Programs match on the code. In an " +
      "envelope, an entry of `errors` reads `CODE: what happened (file:line:column). What to do`. Words in *italics* stand for what is " +
      "filled in. **Retryable** says whether the same command may succeed later without any change.",
    "These are the errors of DataPy itself. Those that the mods for databases and for object storage share follow. Other mods add errors of " +
      "their own in the same form, under their own prefix (`CSV_…`).",
    errorTable(ERROR_TABLE),
    "## Databases",
    errorTable(DATABASE_ERRORS),
    "## Object storage",
    errorTable(OBJECT_STORAGE_ERRORS),
  );
}

export async function exitCodesPage() {
  const { EXIT_CODES } = modKit();
  return page(
    "Exit codes",
    "These six and no others, for every command, with or without `--json`. The envelope's `status` and `exit_code` always agree with the " +
      "exit code of the process.",
    table(
      ["Exit code", "Name", "Meaning", "What a scheduler should do"],
      Object.entries(EXIT_CODES).map(([name, exitCode]) => [`**${exitCode}**`, ...MEANINGS[name]]),
    ),
    "[Errors](errors.md) lists every error with its exit code.",
  );
}
