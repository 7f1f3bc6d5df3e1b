import { DatapyError } from "@datapy/mod-kit";
import type { ErrorExitCode, SourceLocation } from "@datapy/mod-kit";

/** A row of the error table. `message` and `hint` may hold `{name}` places, filled from the details given to {@link fault}. */
interface ErrorRow {
  readonly exitCode: ErrorExitCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/**
 * Every error of the host, by its stable code. The reference page of errors is made from this table. Keep it sorted by code.
 */
export const ERROR_TABLE = {
  DATAPY_ARTIFACTS_INVALID: {
    exitCode: 20,
    message: "{mod} is refused: {detail}",
    hint: 'An artifact is declared as { kind: "table" | "file", description: "…" }.',
  },
  DATAPY_ARTIFACT_AMBIGUOUS: {
    exitCode: 20,
    message: "{reference} fits {count} artifacts: {names}",
    hint: "Give more of the id, or the name with its session: SESSION/STEP/KEY.",
  },
  DATAPY_ARTIFACT_TWICE: {
    exitCode: 30,
    message: "artifact {key} was written twice in one run",
    hint: "Give every table and file of a run a key of its own.",
  },
  DATAPY_ARTIFACT_UNDECLARED: {
    exitCode: 30,
    message: "{mod} declares no {kind} artifact {key}",
    hint: "Name the artifact under `artifacts` of defineMod, with its kind and a description.",
  },
  DATAPY_ARTIFACT_UNKNOWN: {
    exitCode: 20,
    message: "there is no artifact {reference} in the ledger of {folder}",
    hint: "`datapy artifacts` lists them; an artifact is named by its id, its path, STEP/KEY or SESSION/STEP/KEY.",
  },
  DATAPY_BRAND_MISSING: {
    exitCode: 20,
    message: "{mod} is not a mod: {given}",
    hint: "Write `export default defineMod({ … })` in {entry}.",
  },
  DATAPY_BUNDLE_INVALID: {
    exitCode: 20,
    message: "{file} is not a bundle of a job: {detail}",
    hint: "A bundle is what `datapy runs bundle` wrote.",
  },
  DATAPY_BUNDLE_SECRET: {
    exitCode: 20,
    message: "{file} held a secret in plain, which the bundle does not hold",
    hint: "Write ${secret.env.NAME} in the file; what a reference names is read anew.",
  },
  DATAPY_CANCELED: {
    exitCode: 50,
    message: "canceled by {cause}",
    hint: "Nothing was left half done; start the run again when it suits.",
  },
  DATAPY_CLI_BAD_FLAG: {
    exitCode: 20,
    message: "{detail}",
    hint: "See the command's --help.",
  },
  DATAPY_CLI_MISSING_ARGUMENT: {
    exitCode: 20,
    message: "missing argument {argument}",
    hint: "See the command's --help.",
  },
  DATAPY_CLI_UNEXPECTED_ARGUMENT: {
    exitCode: 20,
    message: "unexpected argument {argument}",
    hint: "See the command's --help.",
  },
  DATAPY_CLI_UNKNOWN_COMMAND: {
    exitCode: 20,
    message: "datapy has no command `{command}`",
    hint: "`datapy help` lists the commands.",
  },
  DATAPY_CLI_UNKNOWN_FLAG: {
    exitCode: 20,
    message: "unknown flag {flag}",
    hint: "See the command's --help.",
  },
  DATAPY_COLUMN_UNKNOWN: {
    exitCode: 20,
    message: "{dataset} has no column {column}",
    hint: "`datapy lineage … --columns` lists its columns.",
  },
  DATAPY_CONDITION_INVALID: {
    exitCode: 20,
    message: "the condition `{condition}` cannot be read: {detail}",
    hint: "Write it like ${mods.read.metrics.rows_output} > 0, ${globals.mode} == 'full', or failed(load) and not ${globals.quiet}.",
  },
  DATAPY_CONFIG_SHAPE: {
    exitCode: 20,
    message: "{what} must be {expected}, not {given}",
    hint: "See `datapy schema` and the guide's page on configuration for what goes where.",
  },
  DATAPY_CONTRACT_UNKNOWN: {
    exitCode: 20,
    message: "{package} is written for contract {detail}, which this DataPy does not know",
    hint: "Update DataPy, or install an older version of the package.",
  },
  DATAPY_DATABASE_LOCKED: {
    exitCode: 30,
    message: "the database {file} is in use: {detail}",
    hint: "Wait until the other program is done with it, or allow more time; DuckDB lets one process write to a file.",
    retryable: true,
  },
  DATAPY_DATASET_AMBIGUOUS: {
    exitCode: 20,
    message: "{reference} fits {count} tables and files: {names}",
    hint: "Give more of the name, or all of it.",
  },
  DATAPY_DATASET_UNKNOWN: {
    exitCode: 20,
    message: "no run in the ledger of {folder} has read or written {reference}",
    hint: "`datapy runs show RUN` and `datapy artifacts` name what runs read and wrote.",
  },
  DATAPY_DATA_BAD_BATCH: {
    exitCode: 30,
    message: "a batch does not fit the table: {detail}",
    hint: "A batch has the columns of the table, each with as many values as the batch has rows.",
  },
  DATAPY_DATA_BAD_VALUE: {
    exitCode: 30,
    message: "row {row} of column {column} does not fit {type}: {value}",
    hint: "Give the column a type that holds all of its values.",
  },
  DATAPY_DATA_NUMBER_TOO_LONG: {
    exitCode: 20,
    message: "{value} has more than 38 digits, which no table keeps exactly; it is in {columns}",
    hint: "Cast the column to VARCHAR, which keeps every digit, or to DOUBLE where rounding is wanted.",
  },
  DATAPY_DATA_OUT_OF_MEMORY: {
    exitCode: 30,
    message: "DuckDB needs more memory than it may use: {detail}",
    hint: "Raise globals.duckdb_memory_limit (such as 4GB), or lower globals.duckdb_threads.",
  },
  DATAPY_DATA_QUERY_FAILED: {
    exitCode: 30,
    message: "a statement failed: {detail}",
    hint: "The message is DuckDB's own; look at the names and types that it mentions.",
  },
  DATAPY_DATA_SETTINGS: {
    exitCode: 20,
    message: "DuckDB cannot be opened: {detail}",
    hint: "Check globals.duckdb_memory_limit (such as 2GB) and globals.duckdb_threads (a whole number).",
  },
  DATAPY_DATA_TOO_MANY_ROWS: {
    exitCode: 30,
    message: "a query gave more than {limit} rows",
    hint: "Read large results with ctx.data.batches(), or write them with ctx.data.writeTable().",
  },
  DATAPY_DEFAULT_INVALID: {
    exitCode: 20,
    message: "a default of {mod} does not fit its own schema: {detail}",
    hint: "Correct the default or the schema.",
  },
  DATAPY_DIFF_KEY: {
    exitCode: 20,
    message: "the key {key} {detail}",
    hint: "Give --key for each column that together name one row, or none to compare whole rows.",
  },
  DATAPY_DISK_FULL: {
    exitCode: 30,
    message: "the disk is full: {detail}",
    hint: "Free some space, or set globals.work_path to a folder on another disk.",
    retryable: true,
  },
  DATAPY_ENTRY_MISSING: {
    exitCode: 20,
    message: "{package} has no file {entry}, the entry of its mod {mod} (looked for {file})",
    hint: "Build the package, or install it again; its author may have left the file out of `files`.",
  },
  DATAPY_ENTRY_OUTSIDE: {
    exitCode: 20,
    message: "{package} is refused: {detail} leads out of the package",
    hint: "An entry is a path inside its package, such as ./dist/index.js.",
  },
  DATAPY_ENVIRONMENT_UNKNOWN: {
    exitCode: 20,
    message: "there is no environment {name} ({detail})",
    hint: "Environments stand under `environments:` in project_defaults.yaml; they are chosen with --env or DATAPY_ENV.",
  },
  DATAPY_EXPLAIN_NO_MOD: {
    exitCode: 20,
    message: "{file} does not say which mod its parameters are for",
    hint: "Name it: `datapy config explain FILE MOD`.",
  },
  DATAPY_EXPLAIN_NO_STEP: {
    exitCode: 20,
    message: "{file} has no step or mod {name}",
    hint: "It has {steps}.",
  },
  DATAPY_EXPORT_NAME: {
    exitCode: 20,
    message: "{scheduler} cannot be told {name}: {detail}",
    hint: "Rename the folder or the job, or write the definitions to another folder.",
  },
  DATAPY_EXPORT_NO_JOB: {
    exitCode: 20,
    message: "{file} is no job file: it has neither `mods:` nor `steps:`",
    hint: "A mod with its file of parameters is made a job by putting them under `mods:` and the mod's name.",
  },
  DATAPY_FILE_DENIED: {
    exitCode: 30,
    message: "a file cannot be read or written: {detail}",
    hint: "Check owner and mode of the file and of the folders above it.",
  },
  DATAPY_FILE_FAILED: {
    exitCode: 30,
    message: "{path} cannot be used: {detail}",
    hint: "Check that the disk is mounted and the path can be written to; globals.work_path chooses another place.",
  },
  DATAPY_FILE_NOT_FOUND: {
    exitCode: 20,
    message: "no such file: {path}",
    hint: "Check the spelling; a relative path is taken from the working directory, {cwd}.",
  },
  DATAPY_FILE_UNREADABLE: {
    exitCode: 20,
    message: "{path} cannot be read: {detail}",
    hint: "It must be a file of UTF-8 text that this user may read.",
  },
  DATAPY_FILE_UNWRITABLE: {
    exitCode: 30,
    message: "{path} cannot be written: {detail}",
    hint: "Check that its folder is there, that this user may write to it, and that there is free space.",
  },
  DATAPY_FOREACH_EMPTY: {
    exitCode: 20,
    message: "foreach of {step} gives no items",
    hint: "`--on-empty ok` lets that pass.",
  },
  DATAPY_FOREACH_NOT_A_LIST: {
    exitCode: 20,
    message: "foreach of {step} gives {given}, not a list",
    hint: 'Give a list, a reference to one, { glob: "\u2026" } or { rows: "${mods.x.artifacts.y}" }.',
  },
  DATAPY_FOREACH_TOO_MANY: {
    exitCode: 20,
    message: "foreach of {step} gives more than {limit} items",
    hint: "Let the step take more at a time, or split the job.",
  },
  DATAPY_GLOBAL_CONFLICT: {
    exitCode: 30,
    message: "{first} and {second} both set the global {key}, and neither comes after the other",
    hint: "Let one of the two need the other, so that the later one decides.",
  },
  DATAPY_GLOBAL_UNUSED: {
    exitCode: 20,
    message: "nothing in this job uses the global {name}",
    hint: "No mod of the job has a parameter of that name, and no reference names it. Correct the name, or remove it.",
  },
  DATAPY_GUESS_INVALID: {
    exitCode: 20,
    message: "{mod} is refused: its `guess` is {given}",
    hint: "It is { parameter, files, run }; see the mod-kit's README.",
  },
  DATAPY_GUESS_NO_MOD: {
    exitCode: 20,
    message: "no installed mod can guess how to read {source}",
    hint: "Name one with --mod; these can guess: {mods}.",
  },
  DATAPY_GUESS_UNABLE: {
    exitCode: 20,
    message: "{mod} cannot guess its parameters",
    hint: "These mods can: {mods}. `datapy mods info {mod} --example` prints a file of parameters to be edited.",
  },
  DATAPY_IMPORT_FAILED: {
    exitCode: 20,
    message: "{mod} cannot be loaded: {detail}",
    hint: "The fault is in {entry} or in what it imports.",
  },
  DATAPY_INTERNAL: {
    exitCode: 30,
    message: "a fault in DataPy itself: {detail}",
    hint: "Please report it with the log file of the run.",
  },
  DATAPY_JOB_CYCLE: {
    exitCode: 20,
    message: "jobs run each other in a circle: {cycle}",
    hint: "Let one of them end without running another.",
  },
  DATAPY_JOB_EMPTY: {
    exitCode: 20,
    message: "{file} has no steps",
    hint: "Name at least one mod under `mods:`, or one step under `steps:`.",
  },
  DATAPY_JOB_FORM: {
    exitCode: 20,
    message: "the job has both `mods` and `steps`",
    hint: "Use one of the two: `mods` for a plain sequence, `steps` for a graph.",
  },
  DATAPY_JOB_NOT_A_JOB: {
    exitCode: 20,
    message: "{file} is not a job file",
    hint: "A job file has `mods:` (a sequence) or `steps:` (a graph). A file of parameters is for `datapy run-mod MOD -p FILE`.",
  },
  DATAPY_JOB_RUNNING: {
    exitCode: 30,
    message: "{job} is running already ({holder})",
    hint: "Wait for it, or set on_overlap to `wait` or `allow` in the job file.",
    retryable: true,
  },
  DATAPY_KEY_MISSING: {
    exitCode: 20,
    message: "{what} needs {key}",
    hint: "Add it.",
  },
  DATAPY_KEY_UNKNOWN: {
    exitCode: 20,
    message: "{what} has no key {key}",
    hint: "Correct the name, or remove it.",
  },
  DATAPY_LINT_NO_FILES: {
    exitCode: 20,
    message: "{pattern} names no file",
    hint: "Check the spelling; quote a glob, so that the shell leaves it to lint.",
  },
  DATAPY_LOCK_HELD: {
    exitCode: 30,
    message: "{what} are held by {holder}",
    hint: "Wait for that process to end; if it hangs, end it. The lock is the file {file}.",
    retryable: true,
  },
  DATAPY_LOG_FILE_UNREADABLE: {
    exitCode: 20,
    message: "the log file {file} cannot be read: {detail}",
    hint: "It may have been deleted after its retention, or stand on the machine that the run was on.",
  },
  DATAPY_LOG_LEVEL_UNKNOWN: {
    exitCode: 20,
    message: "{given} is not a log level",
    hint: "Levels are DEBUG, INFO, WARNING and ERROR, in any case.",
  },
  DATAPY_MANIFEST_MISSING: {
    exitCode: 20,
    message: "{package} has no datapy.manifest.json that describes {mod}",
    hint: "Its author writes it with `datapy mods manifest`; the mod can be run without it.",
  },
  DATAPY_METADATA_INVALID: {
    exitCode: 20,
    message: "{mod} is refused: {detail}",
    hint: "Every mod has metadata with name, version and description.",
  },
  DATAPY_MOD_AMBIGUOUS: {
    exitCode: 20,
    message: "{mod} may be any of {choices}",
    hint: "Name one of them exactly, such as {first}.",
  },
  DATAPY_MOD_BAD_ENVELOPE: {
    exitCode: 30,
    message: "{mod} returned a malformed result: {detail}",
    hint: "A mod's run() returns what ctx.result.success(), .warning() or .error() made.",
  },
  DATAPY_MOD_CONFLICT: {
    exitCode: 20,
    message: "several packages have a mod {mod}: {packages}",
    hint: "Name the package instead of the mod, or uninstall one of them.",
  },
  DATAPY_MOD_CRASHED: {
    exitCode: 30,
    message: "the process that ran {mod} ended without a result ({detail})",
    hint: "Look at the last lines of the log; a process killed from outside is often out of memory.",
  },
  DATAPY_MOD_EXITED: {
    exitCode: 30,
    message: "{mod} called process.exit({code})",
    hint: "A mod ends by returning a result or throwing an error; the process belongs to the host.",
  },
  DATAPY_MOD_FILE_KIND: {
    exitCode: 20,
    message: "{path} is not a file that can be run as a mod",
    hint: "A mod is a .ts, .mts, .cts, .js, .mjs or .cjs file, or the folder of a mod package.",
  },
  DATAPY_MOD_NOT_FOUND: {
    exitCode: 20,
    message: "there is no mod at {path}",
    hint: "Check the spelling; a relative path is taken from the working directory, in a job file else from the job file's folder.",
  },
  DATAPY_MOD_NO_ENVELOPE: {
    exitCode: 30,
    message: "{mod} returned {given}, not a result",
    hint: "A mod's run() returns what ctx.result.success(), .warning() or .error() made.",
  },
  DATAPY_MOD_NO_REASON: {
    exitCode: 30,
    message: "{mod} reported a failure and did not say why",
    hint: "Look at the log of the run; a mod says why with ctx.result.addError().",
  },
  DATAPY_MOD_THREW: {
    exitCode: 30,
    message: "{mod} failed: {detail}",
    hint: "The stack trace is in the log file.",
  },
  DATAPY_MOD_UNKNOWN: {
    exitCode: 20,
    message: "there is no mod {mod} ({places})",
    hint: "`datapy mods` lists what there is.",
  },
  DATAPY_MOD_VERSION: {
    exitCode: 20,
    message: "version {wanted} of {mod} is asked for, but {version} is what there is (in {root})",
    hint: "Install the version with `datapy plugins:install {package}@{wanted}`.",
  },
  DATAPY_NAME_DEPRECATED: {
    exitCode: 20,
    message: "{what} is deprecated",
    hint: "See `datapy mods info` for what takes its place.",
  },
  DATAPY_NAME_MISMATCH: {
    exitCode: 20,
    message: "{mod} is refused: its metadata has the {key} {metadata}, its package.json {package}",
    hint: "Write the same in both.",
  },
  DATAPY_OUTPUT_EXISTS: {
    exitCode: 20,
    message: "{file} is already there",
    hint: "Give --force to replace it, or another name.",
  },
  DATAPY_PACKAGE_KEY_INVALID: {
    exitCode: 20,
    message: "package.json of {package} is not that of a mod package: {detail}",
    hint: "The reference page on the package key shows every key with an example.",
  },
  DATAPY_PACKAGE_MISSING: {
    exitCode: 20,
    message: "{package} is installed, but its folder is gone: there is no {file}",
    hint: "Install it again with `datapy plugins:install {package}`, or remove it with `datapy plugins:uninstall {package}`.",
  },
  DATAPY_PACKAGE_NO_MODS: {
    exitCode: 20,
    message: "{package} has no `datapy` key in its package.json, so it gives no mods",
    hint: "Tell its author; `datapy plugins:uninstall {package}` removes it.",
  },
  DATAPY_PACKAGE_RUNS_CODE: {
    exitCode: 20,
    message: "{package} is refused: its `oclif` key holds {detail}, which would run inside the host",
    hint: 'A mod package has "oclif": {}, empty.',
  },
  DATAPY_PACKAGE_UNREADABLE: {
    exitCode: 20,
    message: "{package} cannot be read: {file}: {detail}",
    hint: "Install the package again.",
  },
  DATAPY_PARAMETER_FAULTS: {
    exitCode: 20,
    message: "{count} more faults are not shown",
    hint: "Correct those above first.",
  },
  DATAPY_PARAMETER_INVALID: {
    exitCode: 20,
    message: "{name} must be {expected}, not {given}",
    hint: "Correct the value.",
  },
  DATAPY_PARAMETER_MISSING: {
    exitCode: 20,
    message: "{where} needs {name}: {expected}",
    hint: "Give it in the parameter file or with --set.",
  },
  DATAPY_PARAMETER_NOT_JSON: {
    exitCode: 20,
    message: "{what} is {given}; parameters are JSON values",
    hint: "Give text, a finite number, true, false, null, an array or a plain object.",
  },
  DATAPY_PARAMETER_UNKNOWN: {
    exitCode: 20,
    message: "{where} has no {what} {name}",
    hint: "Correct the name, or remove it.",
  },
  DATAPY_PATH_MISSING: {
    exitCode: 20,
    message: "{path} {detail}",
    hint: "Correct the path, or make sure that it is there when the job runs.",
  },
  DATAPY_PLUGINS_BUSY: {
    exitCode: 30,
    message: "another `datapy plugins` command is still at work ({holder})",
    hint: "Try again when it has ended. If there is none, remove {file}.",
    retryable: true,
  },
  DATAPY_PLUGINS_DIRECTORY: {
    exitCode: 30,
    message: "the data directory {directory} cannot be used: {detail}",
    hint: "Give it to this user, or set DATAPY_DATA_DIR to a directory that can be written.",
  },
  DATAPY_PLUGINS_LIST_CORRUPT: {
    exitCode: 20,
    message: "the list of installed packages, {file}, is damaged: {detail}",
    hint: "Repair the file, or start afresh with `datapy plugins reset --hard`.",
  },
  DATAPY_PLUGIN_NOT_A_MOD: {
    exitCode: 20,
    message: "{package} is not a package of mods: {detail}",
    hint: 'A package of mods has "oclif": {} and a "datapy" key in its package.json; the guide for authors shows both.',
  },
  DATAPY_PLUGIN_NOT_FOUND: {
    exitCode: 20,
    message: "the registry has no {package}",
    hint: "Check the name and the version. Which registry is asked is set by npm: `npm config get registry`, or DATAPY_NPM_REGISTRY.",
  },
  DATAPY_PLUGIN_NOT_INSTALLED: {
    exitCode: 20,
    message: "{package} is not installed",
    hint: "`datapy plugins` lists what is.",
  },
  DATAPY_PLUGIN_NPM_FAILED: {
    exitCode: 30,
    message: "npm failed: {detail}",
    hint: "Its own words stand above. Look at the network, the registry (`npm ping`) and the credentials in ~/.npmrc.",
    retryable: true,
  },
  DATAPY_PLUGIN_SOURCE: {
    exitCode: 20,
    message: "{given} cannot be installed: {detail}",
    hint: "Give @scope/name, a tarball (./mod.tgz), or a URL (https://…, git+ssh://…).",
  },
  DATAPY_PLUGIN_UNUSABLE: {
    exitCode: 20,
    message: "{package} gives no usable mod: {detail}",
    hint: "What was installed before is as it was. Tell the author of the package.",
  },
  DATAPY_PROJECT_EXISTS: {
    exitCode: 20,
    message: "{root} is a project already",
    hint: "`datapy schema install` renews its editor schemas.",
  },
  DATAPY_PROJECT_FILE_NAME: {
    exitCode: 20,
    message: "{file} is not read",
    hint: "The project file is called project_defaults.yaml.",
  },
  DATAPY_QUARANTINE_NONE: {
    exitCode: 20,
    message: "{reference} is no quarantine",
    hint: "`datapy quarantine list` lists them.",
  },
  DATAPY_QUARANTINE_PENDING: {
    exitCode: 20,
    message:
      "rows of {id} have been replayed in session {session}, which did not finish and has changed something already",
    hint: "Replay the same rows again, unchanged: what was loaded is not loaded twice. Then correct what is set aside anew.",
  },
  DATAPY_QUARANTINE_ROWS: {
    exitCode: 20,
    message: "the corrected rows in {file} cannot be used: {detail}",
    hint: "Start from `datapy quarantine show ID --csv`; keep the column replay_row, which says which row is corrected.",
  },
  DATAPY_QUARANTINE_STEP: {
    exitCode: 20,
    message: "the rows that {step} set aside cannot be replayed: {detail}",
    hint: "`datapy quarantine show ID --csv` prints them; feed them to a run of your own.",
  },
  DATAPY_REFERENCE_CHAIN: {
    exitCode: 20,
    message: "{reference} leads on from reference to reference, more than {count} times",
    hint: "Refer to the value itself.",
  },
  DATAPY_REFERENCE_CYCLE: {
    exitCode: 20,
    message: "references go round in a circle: {cycle}",
    hint: "Give one of them a value of its own.",
  },
  DATAPY_REFERENCE_NOT_TEXT: {
    exitCode: 20,
    message: "{reference} is {given}, which cannot stand inside a text",
    hint: "Let the reference be the whole value, or refer to one text or number in it.",
  },
  DATAPY_REFERENCE_SYNTAX: {
    exitCode: 20,
    message: "{reference} is not a reference: {detail}",
    hint: "References are ${globals.x}, ${project.x}, ${env.X}, ${env.X:-fallback}, ${session.id}, ${run.date}, ${secret.env.X}, ${secret.file:PATH} and ${mods.STEP.artifacts.KEY}. For the characters themselves write $${.",
  },
  DATAPY_REFERENCE_UNKNOWN: {
    exitCode: 20,
    message: "{reference} refers to nothing: {detail}",
    hint: "Define it, or correct the name. For the characters themselves write $${.",
  },
  DATAPY_RESULT_EXIT_CODE: {
    exitCode: 30,
    message: "{mod} asked for an exit code that there is not: {given}",
    hint: "ctx.result.error() takes 20 (bad input), 30 (failed), 40 (timeout) or 50 (canceled).",
  },
  DATAPY_RESULT_VALUE: {
    exitCode: 30,
    message: "{mod} added the {kind} {key}, which a result cannot hold: {given}",
    hint: "Results hold what JSON can: texts, finite numbers, true, false, null, lists and objects of those.",
  },
  DATAPY_RESUME_DIFFERS: {
    exitCode: 20,
    message: "this differs from the run that is to be resumed: {differences}",
    hint: "Look at them; --accept-changes runs what is affected anew and keeps the rest.",
  },
  DATAPY_RESUME_UNKNOWN: {
    exitCode: 20,
    message: "there is nothing to resume: {detail}",
    hint: "`datapy runs` lists what has run.",
  },
  DATAPY_RUN_AMBIGUOUS: {
    exitCode: 20,
    message: "{id} names {count} runs: {names}",
    hint: "Give more of the id, or the whole run id.",
  },
  DATAPY_RUN_MISSING: {
    exitCode: 20,
    message: "{mod} is refused: its `run` is {given}, not a function",
    hint: "Write `async run(params, ctx) { … return ctx.result.success(); }`.",
  },
  DATAPY_RUN_OVER: {
    exitCode: 30,
    message: "{what} was used after its run had ended",
    hint: "A mod awaits all that it starts before it returns its result.",
  },
  DATAPY_RUN_UNKNOWN: {
    exitCode: 20,
    message: "no run {id} in {folder}",
    hint: "`datapy runs` lists the runs of this project.",
  },
  DATAPY_SANDBOX_PARAMETER: {
    exitCode: 20,
    message: "the values that are given to the SQL do not fit: {detail}",
    hint: "Give every $name of the SQL one value, of the type that it is compared with.",
  },
  DATAPY_SANDBOX_SQL: {
    exitCode: 20,
    message: "the SQL is refused: {detail}",
    hint: "Write one SELECT over the tables that the run names; it reads nothing else and changes nothing.",
  },
  DATAPY_SCHEDULE_INVALID: {
    exitCode: 20,
    message: "the schedule {schedule} cannot be read: {detail}",
    hint: 'A schedule is a cron expression such as "0 2 * * mon-fri", or { cron: "0 2 * * *", timezone: Europe/Berlin }.',
  },
  DATAPY_SCHEMA_INVALID: {
    exitCode: 20,
    message: "the parameter schema of {mod} is refused: {detail}",
    hint: "Parameters are what YAML can hold: Type.String, Number, Integer, Boolean, Null, Array, Object, Record, Union, Literal, and the helpers of mod-kit.",
  },
  DATAPY_SCRIPT_ARGUMENT: {
    exitCode: 20,
    message: "{what} is {given}, not {expected}",
    hint: "Look at the call in the script; the stack trace in the log names its line.",
  },
  DATAPY_SCRIPT_FAILED: {
    exitCode: 30,
    message: "{script} ended with exit code {code}",
    hint: "The script itself chose that exit code; look at what it wrote.",
  },
  DATAPY_SCRIPT_KIND: {
    exitCode: 20,
    message: "{path} is not a script",
    hint: "Scripts end in .ts, .mts, .cts, .js, .mjs or .cjs.",
  },
  DATAPY_SCRIPT_NOT_FOUND: {
    exitCode: 20,
    message: "there is no script {path}",
    hint: "Check the path; it is taken from the working directory.",
  },
  DATAPY_SCRIPT_THREW: {
    exitCode: 30,
    message: "{script} failed: {detail}",
    hint: "The stack trace is in the log file.",
  },
  DATAPY_SECRET_IN_PLAIN_TEXT: {
    exitCode: 20,
    message: "{what} seems to be a secret that stands in the file in plain",
    hint: "Write ${secret.env.NAME} or ${secret.file:PATH} and keep the secret out of the file.",
  },
  DATAPY_SECRET_MISSING: {
    exitCode: 20,
    message: "{reference} gives no secret: {detail}",
    hint: "Provide the secret where the run can read it; its value is never printed.",
  },
  DATAPY_SECRET_PROVIDER: {
    exitCode: 20,
    message: "{reference} asks the secret provider {provider}, which {detail}",
    hint: "A project allows providers under `secrets: providers:` in project_defaults.yaml.",
  },
  DATAPY_SELECTION_EMPTY: {
    exitCode: 20,
    message: "nothing is selected by {selection}",
    hint: "The job has the steps {steps}. `step`, `+step`, `step+`, `tag:name` and globs select.",
  },
  DATAPY_SET_INVALID: {
    exitCode: 20,
    message: "--set {given} is not understood: {detail}",
    hint: "Write --set key=value, or --set key.inner=value for a nested key; quote the whole for the shell.",
  },
  DATAPY_SQL_VALUE: {
    exitCode: 30,
    message: "a value cannot be written into a statement: {detail}",
    hint: "Values are texts, finite numbers, bigints, booleans, null, bytes, lists and objects of those.",
  },
  DATAPY_STATE_UNREADABLE: {
    exitCode: 30,
    message: "the bookmarks in {file} cannot be read: {detail}",
    hint: "Repair the file, or delete it to begin again without bookmarks.",
  },
  DATAPY_STATE_VALUE: {
    exitCode: 30,
    message: "bookmark {key} cannot be kept: {detail}",
    hint: "Bookmarks are texts, finite numbers, bigints, booleans, null, bytes, lists and objects of those.",
  },
  DATAPY_STEP_AMBIGUOUS: {
    exitCode: 20,
    message: "several steps of {file} run {mod}: {steps}",
    hint: "Name the step: `datapy run-job FILE STEP`.",
  },
  DATAPY_STEP_CACHE_SINK: {
    exitCode: 20,
    message: "{step} cannot be cached: {mod} writes outside of the artifacts",
    hint: "Remove `cache`, or cache the steps before it.",
  },
  DATAPY_STEP_CRASHED: {
    exitCode: 30,
    message: "the process of {step} ended without a result ({detail})",
    hint: "Look at the last lines of the log; a process killed from outside is often out of memory.",
    retryable: true,
  },
  DATAPY_STEP_CYCLE: {
    exitCode: 20,
    message: "steps wait for each other in a circle: {cycle}",
    hint: "Remove one of the `needs`, or of the references between them.",
  },
  DATAPY_STEP_DUPLICATE: {
    exitCode: 20,
    message: "two steps have the id {id} (the first on line {first})",
    hint: "Give each step an id of its own; - and _ count as alike.",
  },
  DATAPY_STEP_INPUT_MISSING: {
    exitCode: 20,
    message: "{step} needs what {source} makes, which is not selected",
    hint: "Select it too (`--select +{step}`), take what the last run made (`--from {step}`), or give the value with --set mods.{step}.\u2026",
  },
  DATAPY_STEP_NOT_FOUND: {
    exitCode: 20,
    message: "{file} has no step {name}",
    hint: "It has {steps}.",
  },
  DATAPY_STEP_NO_TABLE: {
    exitCode: 30,
    message: "{step} takes the table {artifact} of {source}, which made none",
    hint: "Give input_artifact, or look at why {source} made no table.",
  },
  DATAPY_STEP_OUT_OF_MEMORY: {
    exitCode: 30,
    message: "{step} used more memory than its limit of {limit}, and was ended",
    hint: "Raise memory_limit, or lower what the step does at once.",
    retryable: true,
  },
  DATAPY_STEP_TARGET: {
    exitCode: 20,
    message: "step {id} {detail}",
    hint: "A step has either `mod:` or `job:`.",
  },
  DATAPY_STEP_UNKNOWN: {
    exitCode: 20,
    message: "the job has no step {id}",
    hint: "The job has the steps {steps}.",
  },
  DATAPY_SYSTEM: {
    exitCode: 30,
    message: "the operating system refused: {detail}",
    hint: "Look at the rights, the free space and the limits of what it names.",
  },
  DATAPY_TABLE_UNREADABLE: {
    exitCode: 20,
    message: "{file} is not a table that can be read: {detail}",
    hint: "Tables are Parquet files; `datapy artifacts` says where they are.",
  },
  DATAPY_TEST_NONE: {
    exitCode: 20,
    message: "there are no tests in {path}",
    hint: "Files of tests are called *.test.yaml; see the guide's page on testing pipelines.",
  },
  DATAPY_TEST_TABLE: {
    exitCode: 20,
    message: "the table of {what} cannot be made: {detail}",
    hint: "A table is `rows` (a list of mappings) or a `file` (.csv, .parquet), with DuckDB types under `columns` where they matter.",
  },
  DATAPY_TIMEOUT: {
    exitCode: 40,
    message: "{mod} did not finish within {limit}",
    hint: "Give it more time (--timeout, or `timeout` of the step or job in the job file), or look at the log for what it was doing.",
  },
  DATAPY_TIME_UNREADABLE: {
    exitCode: 20,
    message: "{given} is neither a length of time nor a date",
    hint: "Write a length of time before now, such as 30m, 12h or 2d, or a date such as 2026-08-12.",
  },
  DATAPY_YAML_ALIAS: {
    exitCode: 20,
    message: "{detail}",
    hint: "An alias (*name) repeats an anchor (&name) that stands complete above it in the same file. Text that begins with * needs quotes.",
  },
  DATAPY_YAML_DOCUMENTS: {
    exitCode: 20,
    message: "more than one YAML document in one file",
    hint: "Remove the line with --- (or ...) between them, or split the file.",
  },
  DATAPY_YAML_DUPLICATE_KEY: {
    exitCode: 20,
    message: "the key {key} stands twice in one mapping (first on line {first})",
    hint: "Keep one of the two.",
  },
  DATAPY_YAML_KEY: {
    exitCode: 20,
    message: "{given} cannot be a key",
    hint: "Keys are plain texts; __proto__, prototype and constructor are refused, since they can change how programs behave.",
  },
  DATAPY_YAML_LEADING_ZERO: {
    exitCode: 20,
    message: "{given} is read as the number {value}",
    hint: "Put it in quotes to keep its zeros, or write the number without them.",
  },
  DATAPY_YAML_NUMBER: {
    exitCode: 20,
    message: "{given} cannot be kept exactly as a number",
    hint: "Write it in quotes, as text: whole numbers past 9007199254740991 lose digits, and infinity and NaN are no JSON values.",
  },
  DATAPY_YAML_SYNTAX: {
    exitCode: 20,
    message: "not valid YAML: {detail}",
    hint: "Look at the line and the one above it: indentation, a missing space after a colon, an unclosed quote or bracket.",
  },
  DATAPY_YAML_TAG: {
    exitCode: 20,
    message: "the YAML tag {tag} is not allowed",
    hint: "Only !!str, !!int, !!float, !!bool, !!null, !!seq and !!map are. Text that begins with ! needs quotes.",
  },
  DATAPY_YAML_TOO_DEEP: {
    exitCode: 20,
    message: "YAML nested more than {limit} levels deep",
    hint: "Flatten it; no parameter of any mod is as deep.",
  },
  DATAPY_YAML_TOO_LARGE: {
    exitCode: 20,
    message: "the YAML text is larger than {limit}",
    hint: "Configuration is small; put data into a data file and name its path.",
  },
  DATAPY_YAML_TOO_MANY_FAULTS: {
    exitCode: 20,
    message: "the file has more than {limit} faults; what stands below was not read",
    hint: "Mend the ones above first.",
  },
  DATAPY_YAML_TOO_MANY_NODES: {
    exitCode: 20,
    message: "the YAML holds more than {limit} values, those that aliases repeat included",
    hint: "Repeat less through aliases (*name), or put data into a data file and name its path.",
  },
} as const satisfies Record<string, ErrorRow>;

/** A code of the error table. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** Whether a text is a code of the table. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}

/** Makes the {@link DatapyError} of a code, its places filled from `details`. */
export function fault(
  code: ErrorCode,
  details: Readonly<Record<string, string | number>> = {},
  context: {
    readonly location?: SourceLocation | undefined;
    readonly cause?: unknown;
    readonly hint?: string | undefined;
  } = {},
): DatapyError {
  const row: ErrorRow = ERROR_TABLE[code];
  const fill = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (place, name: string) => (details[name] === undefined ? place : String(details[name])));
  return new DatapyError({
    code,
    message: fill(row.message),
    hint: context.hint ?? fill(row.hint),
    exitCode: row.exitCode,
    retryable: row.retryable ?? false,
    location: context.location,
    cause: context.cause,
  });
}
