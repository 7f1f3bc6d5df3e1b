import { modKit, sdk } from "./packages.mjs";
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

export async function errorsPage() {
  const { ERROR_TABLE } = sdk("errors");
  const rows = Object.entries(ERROR_TABLE)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, row]) => [
      code(name),
      row.exitCode,
      row.retryable ? "yes" : "no",
      places(row.message),
      places(row.hint),
    ]);
  return page(
    "Errors",
    "Every error of DataPy itself has a code that stays the same from version to version; the text beside it may change. Programs match on " +
      "the code. In an envelope, an entry of `errors` reads `CODE: what happened (file:line:column). What to do`. Words in *italics* stand " +
      "for what is filled in. **Retryable** says whether the same command may succeed later without any change.",
    "A mod adds errors of its own, under its own prefix (`CSV_…`); its page tells them.",
    table(["Code", "Exit code", "Retryable", "What happened", "What to do"], rows),
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
