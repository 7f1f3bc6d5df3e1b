import { closestName } from "@datapy/mod-kit";
import type { TextPosition } from "@datapy/mod-kit";

/** What DuckDB said of a statement that it does not take, in words for who wrote it. */
export interface ExplainedSql {
  /** What is wrong, and under it the line with a caret, where DuckDB gave one. */
  readonly detail: string;
  /** The name that is not there: of a column of the tables or of a subquery. */
  readonly column: string | undefined;
  /** Names that DuckDB thinks near, best first. */
  readonly candidates: readonly string[];
}

const NO_COLUMN = [
  /Referenced column "(?<column>.+?)" not found in FROM clause!?/,
  /(?:Table|Values list) "(?<table>.+?)" does not have a column named "(?<column>.+?)"/,
] as const;

/** Takes DuckDB's message apart. It gives no codes, so that this goes by its words; what it does not know stays as it is. */
export function explainSql(text: string): ExplainedSql {
  const plain = text.replace(/^Failed to \w+ \w+: /, "");
  const caret = /^LINE \d+: .*\n *\^/m.exec(plain)?.[0];
  const listed = /^Candidate bindings: :? ?(.*)$/m.exec(plain)?.[1] ?? "";
  const candidates = [...listed.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? "");
  const { column, table } =
    NO_COLUMN.map((one) => one.exec(plain)?.groups).find((groups) => groups !== undefined) ?? {};
  if (column === undefined) return { detail: plain, column, candidates };
  const what = `${table === undefined ? "there is" : `${JSON.stringify(table)} has`} no column ${JSON.stringify(column)}`;
  return { detail: caret === undefined ? what : `${what}\n${caret}`, column, candidates };
}

/**
 * Where the caret under a line of `text` points to, as DuckDB shows it (`LINE 2: …` and the line, cut with dots where it is long).
 * `undefined` where there is none.
 */
export function caretPosition(message: string, text: string): TextPosition | undefined {
  const [, label = "", number, shown = "", blanks = ""] = /^(LINE (\d+): )(.*)\n( *)\^/m.exec(message) ?? [];
  if (number === undefined) return undefined;
  const line = Number(number);
  const cut = shown.startsWith("...") ? 3 : 0;
  const from = text.split("\n")[line - 1]?.indexOf(shown.slice(cut).replace(/\.\.\.$/, "")) ?? -1;
  return from === -1 ? undefined : { line, column: from + blanks.length - label.length - cut + 1 };
}

/** `Did you mean "…"?`, where a name is near enough. Candidates may be of the form `table.column`. */
export function suggestColumn(column: string, candidates: readonly string[]): string | undefined {
  const near = closestName(
    column,
    candidates.map((one) => one.slice(one.lastIndexOf(".") + 1)),
  );
  return near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
}
