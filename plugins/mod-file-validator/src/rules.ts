import { ByteSize, Duration, Path, Type } from "@datapy/mod-kit";
import type { Static, TProperties } from "@datapy/mod-kit";

const common = {
  name: Type.Optional(
    Type.String({ minLength: 1, description: "Name of the rule in report and messages. Default: its check" }),
  ),
  severity: Type.Optional(
    Type.Unsafe<"error" | "warn">(
      Type.Union([Type.Literal("error"), Type.Literal("warn")], {
        description: "`error` (default) fails the run; `warn` makes it a warning",
      }),
    ),
  ),
};

function rule<const Check extends string, Properties extends TProperties>(
  check: Check,
  description: string,
  properties: Properties,
) {
  return Type.Object(
    { check: Type.Literal(check), ...properties, ...common },
    { additionalProperties: false, description },
  );
}

const choice = <const Values extends readonly string[]>(values: Values, description: string) =>
  Type.Optional(
    Type.Unsafe<Values[number]>(
      Type.Union(
        values.map((value) => Type.Literal(value)),
        { description },
      ),
    ),
  );
const count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }));
const names = (description: string) => Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description });

/** A rule for files. */
export const Rule = Type.Union([
  rule("exists", "So many files are there. Without such a rule one has to be", {
    min_files: Type.Optional(Type.Integer({ minimum: 0, description: "Fewest files. Default 1" })),
    max_files: count("Most files"),
  }),
  rule("size", "The file has so many bytes", {
    min: Type.Optional(ByteSize({ description: "Fewest bytes" })),
    max: Type.Optional(ByteSize({ description: "Most bytes" })),
  }),
  rule("age", "The file was last changed so long ago", {
    min: Type.Optional(Duration({ description: "Shortest time: a file that is still being written is younger" })),
    max: Type.Optional(Duration({ description: "Longest time" })),
  }),
  rule("name", "The whole name of the file, without its folder, matches a regular expression", {
    pattern: Type.String({ minLength: 1 }),
  }),
  rule("encoding", "Every byte of the text, decompressed, is right in an encoding", {
    encoding: Type.Optional(
      Type.String({
        minLength: 1,
        description: "`utf-8`, `ascii`, `utf-16le`, `windows-1252`, … Default: `encoding` of the mod",
      }),
    ),
    bom: choice(["allow", "forbid", "require"], "Byte order mark at the beginning. Default `allow`"),
  }),
  rule("checksum", "The file has a checksum", {
    algorithm: choice(["md5", "sha1", "sha256", "crc32"], "Kind of checksum. Default `sha256`"),
    value: Type.Optional(Type.String({ minLength: 8, description: "The checksum, hexadecimal" })),
    checksum_file: Type.Optional(
      Path({
        description:
          "List of checksums as `sha256sum` writes it. Default: the file's own name with `.sha256` behind it, and so on",
      }),
    ),
  }),
  rule("header", "The names of the columns are these", {
    columns: names("Names, letter for letter"),
    order: choice(
      ["exact", "any", "contains"],
      "`exact` (default): these in this order. `any`: these in any order. `contains`: these and others",
    ),
  }),
  rule("column_count", "Every row has so many columns", {
    equals: count("Number of columns. Default: as many as the header has"),
    min: count("Fewest columns"),
    max: count("Most columns"),
  }),
  rule("row_count", "The file has so many rows, without its header", {
    equals: count("Number of rows"),
    min: count("Fewest rows"),
    max: count("Most rows"),
  }),
  rule("schema", "The columns have these types. A text of CSV has to fit its type exactly; an empty one fits all", {
    columns: Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 }), {
      description: "DuckDB type by name of column",
    }),
  }),
  rule("archive", "A zip, tar, gzip or Zstandard file is whole: every entry is read and its checksum compared", {
    min_entries: count("Fewest entries"),
    required_entries: Type.Optional(names("Patterns, each of which an entry has to match")),
  }),
]);

/** A rule as the mod receives it: sizes in bytes, times in milliseconds. */
export type FileRule = Static<typeof Rule>;
/** The rule of one kind. */
export type RuleOf<Check extends FileRule["check"]> = Extract<FileRule, { check: Check }>;
