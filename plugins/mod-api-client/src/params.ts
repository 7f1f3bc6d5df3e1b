import { Artifact, ByteSize, Duration, Path, Secret, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";

const choice = <const Values extends readonly string[]>(
  values: Values,
  options: { default?: Values[number]; description: string },
) =>
  Type.Unsafe<Values[number]>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      options,
    ),
  );
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));
const secret = (description: string) => Type.Optional(Secret({ minLength: 1, description }));
const path = (description: string) => Type.String({ minLength: 1, description });
const place = choice(["query", "body"], {
  default: "query",
  description: "Where the parameters go: the query, or the JSON `body` (a path such as `variables.after`)",
});

function kind<const Name extends string, Properties extends Parameters<typeof Type.Object>[0]>(
  type: Name,
  description: string,
  properties: Properties,
) {
  return Type.Object({ type: Type.Literal(type), ...properties }, { additionalProperties: false, description });
}

const numbered = {
  in: Type.Optional(place),
  end_status: Type.Optional(
    Type.Integer({
      minimum: 400,
      maximum: 499,
      description: "Status of a page past the last, where the API answers so (404)",
    }),
  ),
  total_path: Type.Optional(path("Path to the number of all records, with which pages are fetched ahead")),
};

/** How an API divides its result. */
export const Pagination = Type.Union([
  kind("none", "One answer holds everything", {}),
  kind("page", "Pages are numbered", {
    ...numbered,
    page_parameter: Type.Optional(Type.String({ minLength: 1, description: "Default `page`" })),
    first_page: Type.Optional(Type.Integer({ minimum: 0, description: "Default 1" })),
    page_size_parameter: Type.Optional(Type.String({ minLength: 1, description: "Default `per_page`" })),
    page_size: Type.Optional(Type.Integer({ minimum: 1, description: "Records of a page. Default: the server's own" })),
    total_pages_path: Type.Optional(path("Path to the number of pages")),
  }),
  kind("offset", "Records are counted", {
    ...numbered,
    offset_parameter: Type.Optional(Type.String({ minLength: 1, description: "Default `offset`" })),
    limit_parameter: Type.Optional(Type.String({ minLength: 1, description: "Default `limit`" })),
    limit: Type.Optional(Type.Integer({ minimum: 1, description: "Records of a page. Default 100" })),
    first_offset: Type.Optional(Type.Integer({ minimum: 0, description: "Default 0" })),
  }),
  kind("cursor", "Each answer holds a cursor for the next", {
    cursor_path: path("Path to the next cursor; missing, null, empty or false after the last page"),
    cursor_parameter: Type.Optional(Type.String({ minLength: 1, description: "Default `cursor`" })),
    in: Type.Optional(place),
    has_more_path: Type.Optional(path("Path to a truth value that says whether there is more")),
  }),
  kind("link_header", "The `Link` header names the next page (RFC 8288)", {
    rel: Type.Optional(Type.String({ minLength: 1, description: "Default `next`" })),
  }),
  kind("next_url", "The answer holds the address of the next page", { next_path: path("Path to the address") }),
]);

/** Parameters of `api-client`. */
export const Params = Type.Object({
  endpoint: Type.String({
    pattern: "^https?://",
    description: "Address of the API, `http://` or `https://`",
    examples: ["https://api.example.com/v2"],
  }),
  path: text("Added to `endpoint`"),
  mode: choice(["read", "send"], {
    default: "read",
    description: "`read` makes a table of what the API gives; `send` gives it the table `input_artifact`",
  }),
  method: Type.Optional(
    choice(["GET", "POST", "PUT", "PATCH"], { description: "Default `GET` to read, `POST` to send" }),
  ),
  query_parameters: Type.Record(
    Type.String({ minLength: 1 }),
    Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Array(Type.Union([Type.String(), Type.Number()]))]),
    { default: {}, description: "Parameters of the query; a list repeats the name" },
  ),
  headers: Type.Record(Type.String({ minLength: 1 }), Type.String(), {
    default: {},
    description: "Headers of every request. Not for secrets",
  }),
  body: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: "JSON body of a reading `POST` (a search, GraphQL)" }),
  ),

  auth_method: choice(["none", "basic", "bearer", "api_key", "oauth2"], {
    default: "none",
    description: "How requests are authenticated",
  }),
  username: text("User of `basic`"),
  password: secret("Password of `basic`"),
  token: secret("Token of `bearer`"),
  api_key: secret("Key of `api_key`"),
  api_key_name: text("Header or query parameter of the key. Default `X-API-Key`, in a query `api_key`"),
  api_key_in: choice(["header", "query"], { default: "header", description: "Where the key goes" }),
  token_url: Type.Optional(
    Type.String({ pattern: "^https?://", description: "Address that gives tokens of `oauth2`" }),
  ),
  client_id: text("Client of `oauth2`"),
  client_secret: secret("Its secret"),
  refresh_token: secret("With it tokens are refreshed; without it the client's own credentials get them"),
  scope: text("Scopes of `oauth2`, separated by blanks"),
  audience: text("Audience of `oauth2`, where the server wants one"),
  client_authentication: choice(["header", "body"], {
    default: "header",
    description: "How the client's credentials reach `token_url`",
  }),
  secret_headers: Type.Optional(
    Type.Array(
      Type.Object(
        { name: Type.String({ minLength: 1 }), value: Secret({ minLength: 1 }) },
        { additionalProperties: false },
      ),
      { description: "Further headers that hold secrets. They go to the origin of the endpoint alone" },
    ),
  ),

  records_path: text(
    "Path to the records of an answer, such as `data.items` or `groups[*].members`. Default: the answer is the list",
  ),
  records_optional: Type.Boolean({
    default: false,
    description: "An answer without `records_path` has no records, instead of failing the run",
  }),
  error_path: text("Path whose value, when there is one, means that the API failed although it answered 200"),
  format: choice(["auto", "json", "ndjson"], {
    default: "auto",
    description: "`ndjson`: one record a line. `auto` goes by the content type",
  }),
  pagination: Type.Optional(
    Type.Union(Pagination.anyOf, {
      description: "How the result is divided into pages: `type` and its keys. Default: one answer holds everything",
    }),
  ),
  max_pages: Type.Integer({ default: 10_000, minimum: 1, description: "More pages than this fail the run" }),
  columns: Type.Optional(
    Type.Record(
      Type.String({ minLength: 1 }),
      Type.Union([
        Type.String({ minLength: 1 }),
        Type.Object(
          {
            type: Type.Optional(Type.String({ minLength: 1 })),
            path: text("Path in the record. Default: the field of the column's name"),
            format: text("strptime pattern"),
          },
          { additionalProperties: false },
        ),
      ]),
      {
        minProperties: 1,
        description:
          "The columns of the table by name: a DuckDB type, or `{type, path, format}`. Default: all fields, types by all values",
      },
    ),
  ),
  nested: choice(["flatten", "json", "struct"], {
    default: "flatten",
    description: "Objects inside a record: columns of their own (lists stay JSON), JSON, or STRUCT and LIST",
  }),
  flatten_separator: Type.String({ default: "_", description: "Between the names of a flattened column" }),
  on_bad_row: choice(["fail", "quarantine"], {
    default: "fail",
    description:
      "A record that does not fit `columns`, or a row that the endpoint refuses: fails the run, or is set aside",
  }),
  max_bad_rows: Type.Optional(
    Type.Integer({ minimum: 0, description: "More rows set aside than this fail the run. Default no limit" }),
  ),
  on_empty: choice(["ok", "warn", "fail"], { default: "ok", description: "When there are no records" }),

  watermark_field: text("Incremental: path in the record to a value that grows, such as `updated_at`"),
  watermark_parameter: text("Parameter that asks for records from the greatest value of the last successful run on"),
  watermark_in: place,
  initial_watermark: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Number()], {
      description: "What the first run asks for. Default: everything",
    }),
  ),
  late_window: Duration({
    default: 0,
    description:
      "Records that came late: how far to go back behind the watermark, for dates and times. They are read again",
  }),
  late_window_units: Type.Number({
    default: 0,
    minimum: 0,
    description: "The same for a watermark that is a number",
  }),
  watermark_from: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Number()], {
      description: "Backfill: asks from here on, and leaves the watermark as it is",
    }),
  ),
  reset_watermark: Type.Boolean({
    default: false,
    description: "Forget the watermark: read everything, and keep the new one",
  }),
  state_key: text("Name under which the watermark is kept. Default: made of address and field"),

  timeout: Duration({ default: "60s", description: "Longest time of one request, its body included" }),
  connect_timeout: Duration({ default: "10s", description: "Longest wait for a connection" }),
  max_retries: Type.Integer({
    default: 4,
    minimum: 0,
    maximum: 100,
    description: "New tries of a request that failed for a reason that may pass",
  }),
  retry_delay: Duration({
    default: "1s",
    description:
      "Wait before the first new try; it doubles, with a random part, up to a minute. `Retry-After` of the server counts instead",
  }),
  max_retry_delay: Duration({ default: "10m", description: "A server that asks for a longer wait fails the run" }),
  rate_limit: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: "Most requests a second. Default no limit" }),
  ),
  concurrency: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 64,
    description: "Pages fetched at once, with `page` and `offset`",
  }),
  max_response_size: ByteSize({
    default: "256MiB",
    description: "Largest answer, decompressed. JSON is held in memory page by page; NDJSON is not",
  }),
  allowed_origins: Type.Array(Type.String({ pattern: "^https?://" }), {
    default: [],
    description: "Other public origins to which redirects and next pages may lead; credentials never go there",
  }),
  proxy: text(
    "HTTP proxy, such as `http://proxy.example.com:3128`, or `environment` for HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Left out: no proxy, whatever the environment says",
  ),
  proxy_user: text("User at the proxy"),
  proxy_password: secret("Password at the proxy"),
  tls_ca_file: Type.Optional(
    Path({ description: "Certificates of trusted authorities (PEM), instead of the system's" }),
  ),
  tls_cert_file: Type.Optional(Path({ description: "Client certificate (PEM)" })),
  tls_key_file: Type.Optional(Path({ description: "Key of the client certificate (PEM)" })),

  input_artifact: Type.Optional(Artifact({ description: "Table to send, with `mode: send`" })),
  batch_size: Type.Integer({ default: 500, minimum: 1, maximum: 100_000, description: "Rows of one request" }),
  body_format: choice(["array", "ndjson", "object"], {
    default: "array",
    description: "A batch is a JSON list, NDJSON, or one object (with `batch_size: 1`)",
  }),
  body_key: text("The list stands under this key of an object"),
  idempotency_header: Type.String({
    default: "Idempotency-Key",
    description:
      "Header with a key of each batch, the same at every new try and every rerun with the same table. Empty: none",
  }),
  repeat_unknown: Type.Boolean({
    default: false,
    description:
      "The endpoint honours the key (or takes a row twice without harm): a batch of which nobody knows whether it arrived is sent again",
  }),
  row_errors_path: text("Path in the answer to the list of rows that were refused"),
  row_error_index: Type.String({
    default: "index",
    minLength: 1,
    description: "Path in its elements to the row's place in the batch, counted from 0",
  }),
  row_error_message: Type.String({
    default: "message",
    minLength: 1,
    description: "Path in its elements to what was said",
  }),
});

/** Parameters as the mod receives them. */
export type ApiParams = Static<typeof Params>;
/** How the result is divided. */
export type PaginationParams = NonNullable<ApiParams["pagination"]>;
