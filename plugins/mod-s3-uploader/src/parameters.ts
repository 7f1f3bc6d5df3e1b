import { Artifact, ByteSize, Duration, Path, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";
import { storageParameters } from "@datapy/object-storage";

const choice = <const Values extends readonly string[]>(values: Values, description: string, preset: Values[number]) =>
  Type.Unsafe<Values[number]>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      { default: preset, description },
    ),
  );

const texts = (description: string) =>
  Type.Optional(Type.Record(Type.String({ minLength: 1 }), Type.String(), { description }));
const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

/** Parameters of the uploader. */
export const UploaderParameters = Type.Object({
  input_path: Type.Optional(
    Type.Union([Path({ target: "any" }), Type.Array(Path({ target: "any" }), { minItems: 1 })], {
      description: "File, folder (with all below it), pattern (`*`, `?`, `[a-z]`, `{a,b}`, `**`), or a list of these",
    }),
  ),
  input_artifact: Type.Optional(Artifact({ artifact: "any", description: "Table or file of an earlier step" })),
  input_artifacts: Type.Optional(
    Type.Array(Artifact({ artifact: "any" }), { description: "Several tables or files of earlier steps" }),
  ),
  output_path: Type.Optional(
    Type.String({
      pattern: "^[sS]3[anAN]?://",
      description:
        "Target as one address: `s3://bucket/folder/`, or `s3://bucket/key` for one file. Instead of `bucket`",
    }),
  ),
  bucket: text("Bucket to write to"),
  prefix: Type.String({ default: "", description: "What every key begins with, such as `exports/`. No key leaves it" }),
  key: text("Key of one file, below `prefix`"),
  key_template: Type.String({
    default: "{path}",
    minLength: 1,
    description:
      "How keys are made, below `prefix`, of `{path}` `{folder}` `{name}` `{stem}` `{extension}` `{date}` `{year}` `{month}` `{day}` `{hour}` `{time}` `{timestamp}` `{run_id}` `{session_id}` `{index}`",
  }),
  overwrite: choice(
    ["changed", "always", "never", "skip"],
    "When there is an object of that key. `changed`: replace it unless it is the same. `always`: replace it. `never`: fail unless it is the same, also when it comes meanwhile. `skip`: leave it",
    "changed",
  ),
  part_size: ByteSize({
    default: "16MiB",
    description: "Size of a part, 5 MiB at least. Files up to this size are sent in one piece",
  }),
  concurrency: Type.Integer({
    default: 4,
    minimum: 1,
    maximum: 256,
    description: "Parts under way at once; each takes `part_size` of memory",
  }),
  checksum: choice(
    ["auto", "crc32", "sha256", "none"],
    "Checksum that goes with the content. `auto`: CRC-32, with KMS SHA-256; none where the store refuses it, which is then compared by ETag",
    "auto",
  ),
  verify: choice(
    ["auto", "read_back"],
    "`auto`: compare what the store says that it got; read back where it says nothing. `read_back`: read every object back",
    "auto",
  ),
  server_side_encryption: Type.Optional(
    Type.Unsafe<"AES256" | "aws:kms" | "aws:kms:dsse">(
      Type.Union(
        ["AES256", "aws:kms", "aws:kms:dsse"].map((value) => Type.Literal(value)),
        { description: "How the store encrypts the objects. Default: as the bucket says" },
      ),
    ),
  ),
  on_unencrypted: choice(
    ["warn", "fail"],
    "When the store has not encrypted an object as `server_side_encryption` and `kms_key_id` ask. `fail`: take it away again and fail",
    "warn",
  ),
  kms_key_id: text("Key of KMS, with `aws:kms`. Default: the account's own"),
  content_type: text("Type of the content. Default: by the file's ending"),
  content_encoding: text("Encoding of the content, such as `gzip`"),
  cache_control: text("`Cache-Control` of the objects"),
  metadata: texts("Metadata of the objects, by name"),
  tags: texts("Tags of the objects, by name; ten at most"),
  storage_class: text("Storage class, such as `STANDARD_IA`"),
  success_marker: text("Key, below `prefix`, of an empty object that is written last, such as `_SUCCESS`"),
  resume: Type.Boolean({
    default: true,
    description: "Go on with the parts that a killed run has left, each compared first. Otherwise they are taken away",
  }),
  abandoned_after: Duration({
    default: "7d",
    description:
      "Uploads of the same keys that are older and known to no run of this project are aborted; `0` for never",
  }),
  on_empty: choice(["ok", "warn", "fail"], "When no file is found", "fail"),
  ...storageParameters,
});

/** What the mod receives. */
export type UploaderParams = Static<typeof UploaderParameters>;
