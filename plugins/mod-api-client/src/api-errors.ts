import { DatapyError } from "@datapy/mod-kit";

/** Codes of the mod, with their exit code and what to do. Texts that a call gives replace the hint. */
const CODES = {
  API_BAD_PARAMETERS: { exitCode: 20, hint: "Correct the parameter." },
  API_AUTH_INCOMPLETE: {
    exitCode: 20,
    hint: "Give the parameters that the method needs, secrets as ${secret.env.NAME}.",
  },
  API_AUTH_FAILED: { exitCode: 30, hint: "Check the credentials, and that they may read this endpoint." },
  API_HTTP_STATUS: { exitCode: 30, hint: "Check endpoint, path and parameters against the documentation of the API." },
  API_UNREACHABLE: { exitCode: 30, hint: "Check the host name, the network, and whether the service is up." },
  API_TIMEOUT: { exitCode: 30, hint: "Raise `timeout` or `connect_timeout`, or ask for smaller pages." },
  API_BODY_CUT: { exitCode: 30, hint: "The connection ended early. Try again; smaller pages help." },
  API_BODY_TOO_LARGE: { exitCode: 30, hint: "Ask for smaller pages, or raise `max_response_size`." },
  API_BAD_ENCODING: { exitCode: 30, hint: "The server sent a body that cannot be decoded." },
  API_NOT_JSON: { exitCode: 30, hint: "Check that the endpoint is the API and no web page; a login page answers so." },
  API_BAD_JSON: { exitCode: 30, hint: "The server sent damaged JSON. Nothing of this run was kept." },
  API_NO_RECORDS: { exitCode: 20, hint: "Set `records_path` to where the list of records stands in the answer." },
  API_ERROR_ANSWER: { exitCode: 30, hint: "The API reported an error inside its answer." },
  API_BAD_CURSOR: { exitCode: 30, hint: "Check the paths under `pagination`." },
  API_PAGINATION_LOOP: {
    exitCode: 30,
    hint: "Check the parameters under `pagination`: the server seems not to know them.",
  },
  API_PAGE_GAP: { exitCode: 30, hint: "Set `concurrency: 1`, so that each offset follows from the page before." },
  API_TOO_MANY_PAGES: { exitCode: 30, hint: "Raise `max_pages` when the result is that large." },
  API_FOREIGN_URL: {
    exitCode: 30,
    hint: "Name the origin in `allowed_origins` when it may be read, without credentials.",
  },
  API_ADDRESS_REFUSED: {
    exitCode: 30,
    hint: "Private addresses are reached only when `endpoint` itself names the host.",
  },
  API_PROXY_REFUSED: {
    exitCode: 30,
    hint: "Check `proxy`, `proxy_user` and `proxy_password`, and which hosts the proxy lets pass.",
  },
  API_TOO_MANY_COLUMNS: { exitCode: 20, hint: "Use `nested: json`, or name the fields that you need in `columns`." },
  API_COLUMN_CLASH: {
    exitCode: 20,
    hint: "Name the fields in `columns`, each with its `path`, or change `flatten_separator`.",
  },
  API_BAD_VALUE: { exitCode: 20, hint: "Change the type in `columns`, or set `on_bad_row: quarantine`." },
  API_BAD_ROWS: { exitCode: 20, hint: "Correct the data, or raise the limits." },
  API_NO_ROWS: { exitCode: 20, hint: "Set `on_empty: ok` when an empty result is right." },
  API_BAD_WATERMARK: { exitCode: 20, hint: "Check `watermark_field`." },
  API_SEND_FAILED: {
    exitCode: 30,
    hint: "Send again from the first row that was not accepted, or set `on_bad_row: quarantine`.",
  },
  API_ROWS_UNRECONCILED: { exitCode: 30, hint: "Report this; nothing was kept." },
} as const satisfies Record<string, { exitCode: 20 | 30; hint: string }>;

/** Code of an error of this mod. */
export type ApiErrorCode = keyof typeof CODES;

/** What may be said beside code and message. */
export interface ApiErrorDetails {
  readonly hint?: string;
  /** The same call may succeed later. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** Makes an error of this mod. */
export function apiError(code: ApiErrorCode, message: string, details: ApiErrorDetails = {}): DatapyError {
  const { exitCode, hint } = CODES[code];
  return new DatapyError({ code, exitCode, message, hint, ...details });
}
