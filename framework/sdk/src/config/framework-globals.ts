/** Globals that the host itself reads, so that they are never unused, with what each is for. */
export const FRAMEWORK_GLOBALS: Readonly<Record<string, string>> = {
  base_path:
    "Folder that relative paths of mods are taken from; where it is relative itself, from the file of the project that gives it, else from the working directory",
  database_path: "The project's own DuckDB file",
  duckdb_memory_limit: "Memory that DuckDB may use, such as 2GB",
  duckdb_threads: "Threads that DuckDB may use",
  log_format: "Form of log lines on stderr: json or pretty",
  log_level: "Least severe level that is logged: DEBUG, INFO, WARNING or ERROR",
  log_path: "Folder of log files",
  log_retention_days: "Age in days past which log files are deleted",
  work_path: "Folder of artifacts, ledger and state",
};
