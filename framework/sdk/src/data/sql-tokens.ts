/** A piece of SQL text that the parser takes as one. White space and comments are left out. */
export interface SqlToken {
  readonly kind: "word" | "name" | "text" | "mark";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Splits SQL as DuckDB's own scanner does: words and numbers, quoted names, texts of every kind, and single marks. */
export function sqlTokens(text: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  const push = (kind: SqlToken["kind"], end: number): void => {
    tokens.push({ kind, text: text.slice(at, end), start: at, end });
    at = end;
  };
  while (at < text.length) {
    const rest = text.slice(at, at + 2);
    const character = text[at] ?? "";
    if (/\s/.test(character)) at += 1;
    else if (rest === "--") at = endOf(text, "\n", at);
    else if (rest === "/*") at = endOfBlockComment(text, at);
    else if (character === '"') push("name", endOfQuoted(text, at, '"', false));
    else if (character === "'") push("text", endOfQuoted(text, at, "'", false));
    else if (/^[eE]'$/.test(rest)) {
      push("text", endOfQuoted(text, at + 1, "'", true));
    } else if (character === "$") {
      const tag = /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(text.slice(at, at + 80))?.[0];
      if (tag === undefined) push("mark", at + 1);
      else push("text", endOf(text, tag, at + tag.length));
    } else {
      const word = /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_$]*/u.exec(text.slice(at, at + 4_096))?.[0];
      if (word === undefined) push("mark", at + 1);
      else push("word", at + word.length);
    }
  }
  return tokens;
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found + mark.length;
}

/** Block comments nest, as in PostgreSQL. */
function endOfBlockComment(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    if (two === "/*") depth += 1;
    else if (two === "*/") depth -= 1;
    at += two === "/*" || two === "*/" ? 2 : 1;
    if (depth === 0) return at;
  }
  return at;
}

/** A doubled quote ends the text and begins another at once, which comes to the same here. */
function endOfQuoted(text: string, from: number, quote: string, backslash: boolean): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (backslash && text[at] === "\\") at += 1;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at += 1;
    }
  }
  return text.length;
}
