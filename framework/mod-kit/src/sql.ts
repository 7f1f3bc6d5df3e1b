import { assertOutsideQuotes } from "./sql-position.js";

/**
 * Marks what this module made. A symbol, unlike the text brand of a mod: no value that came out of a JSON document can carry it and so
 * pass for SQL. `Symbol.for`, so that two loaded copies of mod-kit recognise each other's statements.
 */
const SQL_BRAND: unique symbol = Symbol.for("datapy.sql");

/**
 * A value that can be bound into a statement. Numbers must be finite; `bigint` keeps whole numbers past 2^53; dates, times and
 * decimals are texts with a cast (`${"2024-08-12"}::date`). Arrays become lists, objects become structs.
 */
export type SqlValue =
  string | number | bigint | boolean | null | Uint8Array | readonly SqlValue[] | { readonly [key: string]: SqlValue };

/** A piece of a statement. Only `text` is SQL; the rest is quoted or bound by {@link renderSql}. */
export type SqlPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly value: SqlValue }
  | { readonly kind: "literal"; readonly value: SqlValue }
  | { readonly kind: "ident"; readonly path: readonly string[] }
  | { readonly kind: "table"; readonly uri: string };

/** A statement, or a piece of one. Made by the {@link sql} tag; never by splicing text. */
export interface Sql {
  readonly [SQL_BRAND]: true;
  readonly parts: readonly SqlPart[];
}

/** How a database writes what {@link renderSql} cannot leave to a bound value. */
export interface SqlDialect {
  /** Quotes one identifier. */
  identifier(name: string): string;
  /** Placeholder of the bound value number `index`, counted from 1. */
  placeholder(index: number): string;
  /** Writes a value as text of the statement. */
  literal(value: SqlValue): string;
  /** Reads a table artifact. */
  table(uri: string): string;
}

/** A statement as a driver takes it. */
export interface RenderedSql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

function make(parts: readonly SqlPart[]): Sql {
  return { [SQL_BRAND]: true, parts };
}

/** Whether `value` was made by this module of any loaded copy of mod-kit. */
export function isSql(value: unknown): value is Sql {
  return typeof value === "object" && value !== null && SQL_BRAND in value;
}

function assertValue(value: unknown): asserts value is SqlValue {
  switch (typeof value) {
    case "string":
    case "bigint":
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      throw new TypeError(`${value} cannot be bound into a statement: numbers must be finite`);
    case "object":
      if (value === null || value instanceof Uint8Array) return;
      if (value instanceof Date) {
        throw new TypeError(
          "a Date cannot be bound into a statement, since its time zone would be a guess: bind a text and cast it",
        );
      }
      if (isSql(value)) throw new TypeError("a piece of SQL stands inside a value: put it into the template itself");
      for (const inner of Object.values(value)) assertValue(inner);
      return;
    default:
      throw new TypeError(`${typeof value} cannot be bound into a statement`);
  }
}

/**
 * Writes a statement. Every `${…}` is bound as a value unless it is itself made by `sql`, {@link ident}, {@link table},
 * {@link literal}, {@link join} or {@link raw}; so no value can change the statement.
 *
 * Throws a `TypeError` for what is a mistake in the code: a value that cannot be bound (`undefined`, `NaN`, a `Date`), and a `${…}`
 * inside quotes, where it would be plain text and not a value.
 *
 * @example sql`select ${ident("order id")}, amount from ${table(params.input_artifact)} where amount > ${params.minimum}`
 */
export function sql(strings: TemplateStringsArray, ...values: readonly (SqlValue | Sql)[]): Sql {
  assertOutsideQuotes(strings);
  const parts: SqlPart[] = [];
  strings.forEach((text, index) => {
    if (text !== "") parts.push({ kind: "text", text });
    if (index >= values.length) return;
    const value = values[index];
    if (isSql(value)) {
      parts.push(...value.parts);
      return;
    }
    assertValue(value);
    parts.push({ kind: "value", value });
  });
  return make(parts);
}

/**
 * An identifier, quoted. Several names make a qualified one: `ident("public", "orders")`. Any text is a name but an empty one and one
 * that holds NUL, for which a `TypeError` is thrown: no database has such.
 */
export function ident(...path: readonly [string, ...string[]]): Sql {
  for (const name of path) {
    if (name === "" || name.includes("\0")) throw new TypeError(`not an identifier: ${JSON.stringify(name)}`);
  }
  return make([{ kind: "ident", path }]);
}

/** A table artifact, to read from: its path or URI, or what `ctx.data.writeTable` returned. */
export function table(artifact: string | { readonly uri: string }): Sql {
  return make([{ kind: "table", uri: typeof artifact === "string" ? artifact : artifact.uri }]);
}

/** A value written into the statement, quoted, where a database allows no bound value: options of `COPY`, of `read_csv`. */
export function literal(value: SqlValue): Sql {
  assertValue(value);
  return make([{ kind: "literal", value }]);
}

/**
 * Pieces with a separator between them (default `, `). An empty list makes an empty piece. `separator` is SQL, as in {@link raw}:
 * a constant of the code, such as `" and "`.
 */
export function join(pieces: readonly Sql[], separator = ", "): Sql {
  const between: SqlPart = { kind: "text", text: separator };
  return make(pieces.flatMap((piece, index) => (index === 0 ? piece.parts : [between, ...piece.parts])));
}

/** Text that is taken as SQL as it stands: for keywords that code chose, and for SQL that a user wrote on purpose. Never for data. */
export function raw(text: string): Sql {
  return make([{ kind: "text", text }]);
}

/** Ends of two pieces that would become one token when they touch: `$1` and `0`, `"a"` and `"b"`. */
const FUSES = /[\w$"'`]/;

/**
 * Renders a statement for a database: `values` belong to the placeholders of `text`, in order. With `inline`, bound values are written
 * as literals too, and `values` is empty. What is quoted or bound never melts into the text next to it.
 */
export function renderSql(
  statement: Sql,
  dialect: SqlDialect,
  options: { readonly inline?: boolean } = {},
): RenderedSql {
  const values: SqlValue[] = [];
  const render = (part: SqlPart): string => {
    switch (part.kind) {
      case "text":
        return part.text;
      case "ident":
        return part.path.map((name) => dialect.identifier(name)).join(".");
      case "table":
        return dialect.table(part.uri);
      case "literal":
        return dialect.literal(part.value);
      case "value":
        if (options.inline === true) return dialect.literal(part.value);
        values.push(part.value);
        return dialect.placeholder(values.length);
    }
  };
  let text = "";
  let previous: SqlPart["kind"] = "text";
  for (const part of statement.parts) {
    const piece = render(part);
    const foreign = previous !== "text" || part.kind !== "text";
    if (foreign && FUSES.test(text.slice(-1)) && FUSES.test(piece.slice(0, 1))) text += " ";
    text += piece;
    if (piece !== "") previous = part.kind;
  }
  return { text, values };
}
