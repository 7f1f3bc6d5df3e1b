/** Names that users know from other mods, by the spellings that stand for the same. */
export const CANONICAL_PARAMETERS: Readonly<Record<string, string>> = {
  ...spellings("input_path", "input_file", "input_filename", "file_path", "filepath", "source_path", "in_path"),
  ...spellings("output_path", "output_file", "output_filename", "out_path", "target_path", "destination_path"),
  ...spellings("base_path", "base_dir", "base_directory", "root_path", "root_dir"),
  ...spellings("input_artifact", "input_table", "input_data", "source_artifact"),
  ...spellings("input_artifacts", "input_tables", "artifacts"),
  ...spellings("delimiter", "separator", "sep", "field_separator", "field_delimiter"),
  ...spellings("quote", "quote_char", "quotechar", "quote_character"),
  ...spellings("escape", "escape_char", "escapechar", "escape_character"),
  ...spellings("encoding", "charset", "file_encoding", "character_set"),
  ...spellings("header", "has_header", "header_row", "with_header"),
  ...spellings("columns", "column_names", "column_list", "select_columns"),
  ...spellings("null_values", "na_values", "null_strings", "null_markers"),
  ...spellings("connection_string", "connection_url", "connection_uri", "conn_string", "dsn", "database_url", "db_url"),
  ...spellings("schema_name", "db_schema", "schema"),
  ...spellings("table_name", "table", "target_table", "source_table"),
  ...spellings("query", "sql_query", "select_query"),
  ...spellings("write_mode", "load_mode", "insert_mode", "save_mode"),
  ...spellings("key_columns", "primary_key", "primary_keys", "unique_key", "unique_keys", "upsert_keys"),
  ...spellings("batch_size", "chunk_size", "chunksize", "batchsize", "rows_per_batch"),
  ...spellings("pool_size", "max_connections", "connection_count"),
  ...spellings("endpoint", "base_url", "api_url", "api_endpoint"),
  ...spellings("method", "http_method", "verb"),
  ...spellings("headers", "http_headers", "request_headers"),
  ...spellings("auth_method", "auth_type", "authentication", "auth_mode"),
  ...spellings("timeout", "timeout_seconds", "timeout_ms", "request_timeout"),
  ...spellings("max_retries", "retries", "retry_count", "max_attempts", "num_retries"),
  ...spellings("rate_limit", "requests_per_second", "max_requests_per_second"),
  ...spellings("bucket", "bucket_name", "s3_bucket"),
  ...spellings("prefix", "key_prefix", "s3_prefix"),
  ...spellings("region", "aws_region", "region_name"),
  ...spellings("endpoint_url", "s3_endpoint", "s3_endpoint_url"),
  ...spellings("compression", "compress", "compression_type"),
  ...spellings("on_bad_row", "on_bad_rows", "bad_rows", "on_row_error", "on_reject"),
  ...spellings("max_bad_rows", "max_errors", "max_rejects", "max_rejected_rows"),
  ...spellings("max_bad_fraction", "max_error_rate", "max_bad_ratio"),
  ...spellings("on_empty", "on_no_rows", "if_empty"),
};

/** The same for metrics. */
export const CANONICAL_METRICS: Readonly<Record<string, string>> = {
  ...spellings("rows_read", "rows_in", "input_rows", "records_read", "rows_input", "row_count_in"),
  ...spellings("rows_output", "rows_out", "rows_written", "output_rows", "records_written", "rows_loaded"),
  ...spellings("rows_rejected", "rows_bad", "bad_rows", "rejected_rows", "rows_quarantined", "rows_failed"),
  ...spellings("bytes_read", "bytes_in", "input_bytes"),
  ...spellings("bytes_written", "bytes_out", "output_bytes"),
  ...spellings("files_read", "files_in", "file_count_in"),
  ...spellings("files_written", "files_out"),
  ...spellings("duplicates_removed", "duplicate_rows", "duplicates", "rows_deduplicated"),
};

/** Metrics that the host measures; what a mod adds under these names is not taken. */
export const HOST_METRICS: readonly string[] = ["memory_used_mb", "cpu_seconds", "rows_per_second"];

/** Parameters whose names say that their values are nobody's business. */
export const SECRET_NAMES =
  /(^|_)(password|passphrase|secret|client_secret|token|access_token|refresh_token|api_key|apikey|private_key|secret_key|secret_access_key|session_token|credentials?|connection_string)$/;

function spellings(canonical: string, ...others: readonly string[]): Record<string, string> {
  return Object.fromEntries(others.map((other) => [other, canonical]));
}
