/** A value that can be bound into a statement. Numbers must be finite; `bigint` keeps whole numbers past 2^53. */
export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly SqlValue[]
  | { readonly [key: string]: SqlValue };

/** A piece of a statement. Only `text` is SQL; the rest is quoted or bound by {@link renderSql}. */
export type SqlPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly value: SqlValue }
  | { readonly kind: "literal"; readonly value: SqlValue }
  | { readonly kind: "ident"; readonly path: readonly string[] }
  | { readonly kind: "table"; readonly uri: string };

/** A statement, or a piece of one. Made by the {@link sql} tag; never by splicing text. */
export interface Sql {
  readonly brand: "datapy.sql";
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
  return { brand: "datapy.sql", parts };
}

/** Whether `value` was made by this module of any loaded copy of mod-kit. */
export function isSql(value: unknown): value is Sql {
  return typeof value === "object" && value !== null && (value as { brand?: unknown }).brand === "datapy.sql";
}

/**
 * Writes a statement. Every `${…}` is bound as a value unless it is itself made by `sql`, {@link ident}, {@link table},
 * {@link literal}, {@link join} or {@link raw}; so no value can change the statement.
 *
 * @example sql`select ${ident("order id")}, amount from ${table(params.input_artifact)} where amount > ${params.minimum}`
 */
export function sql(strings: TemplateStringsArray, ...values: readonly (SqlValue | Sql)[]): Sql {
  const parts: SqlPart[] = [];
  strings.forEach((text, index) => {
    if (text !== "") parts.push({ kind: "text", text });
    if (index >= values.length) return;
    const value = values[index] as SqlValue | Sql;
    if (isSql(value)) parts.push(...value.parts);
    else parts.push({ kind: "value", value });
  });
  return make(parts);
}

/** An identifier, quoted. Several names make a qualified one: `ident("public", "orders")`. Any string is allowed but one with NUL or an empty one. */
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
  return make([{ kind: "literal", value }]);
}

/** Pieces with a separator between them (default `, `). An empty list makes an empty piece. */
export function join(pieces: readonly Sql[], separator = ", "): Sql {
  return make(pieces.flatMap((piece, index) => (index === 0 ? piece.parts : [{ kind: "text" as const, text: separator }, ...piece.parts])));
}

/** Text that is taken as SQL as it stands: for keywords that code chose, and for SQL that a user wrote on purpose. Never for data. */
export function raw(text: string): Sql {
  return make([{ kind: "text", text }]);
}

/** Renders a statement for a database. With `inline`, bound values are written as literals too. */
export function renderSql(statement: Sql, dialect: SqlDialect, options: { readonly inline?: boolean } = {}): RenderedSql {
  const values: SqlValue[] = [];
  const text = statement.parts
    .map((part) => {
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
    })
    .join("");
  return { text, values };
}
