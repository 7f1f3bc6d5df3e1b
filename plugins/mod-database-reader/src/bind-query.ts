import { literal, raw, sql } from "@datapy/mod-kit";
import type { Sql, SqlValue } from "@datapy/mod-kit";
import { databaseFault } from "@datapy/database";
import type { DatabaseKind } from "@datapy/database";

/** Pieces of SQL in which a colon says nothing: strings, quoted names, comments, dollar quotes, casts. Then the places. */
const PIECES = {
  // A backslash escapes in E'…' strings only; in MySQL sessions of ours it never does.
  common: /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([A-Za-z_][A-Za-z0-9_]*)/g,
  postgresql:
    /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_][A-Za-z0-9_]*)?\$[\s\S]*?\$\1\$|::|:([A-Za-z_][A-Za-z0-9_]*)/g,
};

/**
 * SQL that a user wrote, with the values of its `:name` places as quoted literals: whatever a value holds, it stays a value. Places in
 * strings, quoted names and comments are left alone. Throws `DATABASE_INPUT_INVALID` for a place without a value and the other way round.
 */
export function bindQuery(
  text: string,
  values: Readonly<Record<string, SqlValue>>,
  kind: DatabaseKind,
  used = new Set<string>(),
): Sql {
  const pattern = kind === "postgresql" ? PIECES.postgresql : PIECES.common;
  let result: Sql = sql``;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const name = kind === "postgresql" ? match[2] : match[1];
    if (name === undefined || !match[0].startsWith(":")) continue;
    // An array slice, `a[1:n]`, has its colon after a digit, a letter or a bracket.
    if (/[\w\])]$/.test(text.slice(0, match.index))) continue;
    if (!Object.hasOwn(values, name)) {
      throw databaseFault(
        "DATABASE_INPUT_INVALID",
        { reason: `:${name} has no value` },
        { hint: "Give it in `query_parameters`." },
      );
    }
    used.add(name);
    result = sql`${result}${raw(text.slice(end, match.index))}${literal(values[name] as SqlValue)}`;
    end = match.index + match[0].length;
  }
  return sql`${result}${raw(text.slice(end))}`;
}

/** Without a `;` at its end, which a user's habit may put there and a subquery cannot have. */
export function withoutSemicolon(text: string): string {
  return text.replace(/[\s;]+$/, "");
}
