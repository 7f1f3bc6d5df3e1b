import { ByteSize, Duration, Path, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";
import { storageParameters } from "@datapy/object-storage";

const choice = <const Values extends readonly string[]>(values: Values, description: string, preset: Values[number]) =>
  Type.Unsafe<Values[number]>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      { default: preset, description },
    ),
  );
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));
const time = (description: string) =>
  Type.Optional(Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\d(?:[T ]\\d\\d:\\d\\d.*)?$", description }));

/** Parameters of the downloader. */
export const DownloaderParameters = Type.Object({
  input_path: Type.Optional(
    Type.String({
      pattern: "^[sS]3[anAN]?://",
      description:
        "What to read as one address: `s3://bucket/key`, `s3://bucket/folder/`, `s3://bucket/folder/*.csv`. Instead of `bucket`",
    }),
  ),
  bucket: text("Bucket to read from"),
  key: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
      description: "Key, or list of keys, letter for letter",
    }),
  ),
  prefix: Type.String({ default: "", description: "Read the objects whose keys begin so" }),
  pattern: text(
    "Of these, only those whose key behind the prefix's last slash matches: `*`, `?`, `[a-z]`, `{a,b}`, `**` across folders",
  ),
  modified_since: time(
    "Of these, only those changed at this time or later, such as `2024-08-12T06:00:00Z`. Without a zone: UTC",
  ),
  modified_before: time("Of these, only those changed before this time"),
  incremental: Type.Boolean({
    default: false,
    description: "Of these, only those that no successful run has read, in this state",
  }),
  late_window: Duration({
    default: "1d",
    description:
      "How far behind the newest object that was read an incremental run still looks: an object in parts is dated by when its upload began",
  }),
  state_key: text(
    "Name under which an incremental run keeps what it has read. Default: made of store, bucket, prefix and pattern",
  ),
  reset_state: Type.Boolean({ default: false, description: "Forget what was read before: read everything" }),
  output: choice(
    ["files", "table"],
    "`files`: write files to `output_path`. `table`: read Parquet or JSON objects into `output_data`",
    "files",
  ),
  output_path: Type.Optional(
    Path({
      access: "write",
      target: "directory",
      description:
        "Folder for the files, which keep their place below the prefix. Without it one object becomes the artifact `output_file`",
    }),
  ),
  file_name: text("Name of the file, for one key. Default: the last part of the key"),
  overwrite: choice(
    ["changed", "always", "never", "skip"],
    "When there is a file of that name. `changed`: replace it unless it is the same. `always`: replace it. `never`: fail unless it is the same. `skip`: leave it",
    "changed",
  ),
  unsafe_names: choice(
    ["fail", "encode"],
    "Keys with steps that cannot be names here (`..`, empty ones): fail, or write such steps with `%`",
    "fail",
  ),
  union_by_name: Type.Boolean({
    default: false,
    description: "Objects of a table may differ in their columns; missing values become NULL",
  }),
  part_size: ByteSize({ default: "16MiB", description: "Size of the ranges that an object is read in" }),
  concurrency: Type.Integer({ default: 4, minimum: 1, maximum: 256, description: "Ranges under way at once" }),
  verify: choice(
    ["auto", "require", "off"],
    "`auto`: compare with the checksum or MD5 that the store keeps. `require`: fail where it keeps none. `off`: compare sizes only",
    "auto",
  ),
  resume: Type.Boolean({
    default: true,
    description:
      "Go on with what an interrupted run has read. It stands in a folder `.datapy-download-…` in `output_path`",
  }),
  on_empty: choice(["ok", "warn", "fail"], "When there is nothing to read", "warn"),
  ...storageParameters,
});

/** What the mod receives. */
export type DownloaderParams = Static<typeof DownloaderParameters>;
