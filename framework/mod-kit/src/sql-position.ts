/** What a position in SQL text is inside of. */
type Inside =
  | { readonly kind: "code" }
  | { readonly kind: "string"; readonly backslash: boolean }
  | { readonly kind: "identifier" }
  | { readonly kind: "dollar"; readonly tag: string }
  | { readonly kind: "line comment" }
  | { readonly kind: "block comment" };

const CODE: Inside = { kind: "code" };
const DOLLAR_TAG = /^\$(?:[A-Za-z_]\w*)?\$/;

/** Reads on from `state` over `text`, and gives the state at its end. */
function advance(text: string, start: Inside): Inside {
  let state = start;
  for (let at = 0; at < text.length; at += 1) {
    const two = text.slice(at, at + 2);
    switch (state.kind) {
      case "code": {
        const tag = text[at] === "$" ? DOLLAR_TAG.exec(text.slice(at))?.[0] : undefined;
        if (two === "--") state = { kind: "line comment" };
        else if (two === "/*") state = { kind: "block comment" };
        else if (text[at] === '"') state = { kind: "identifier" };
        else if (text[at] === "'") state = { kind: "string", backslash: /(?:^|\W)[eE]$/.test(text.slice(0, at)) };
        else if (tag !== undefined && !/\w$/.test(text.slice(0, at))) {
          state = { kind: "dollar", tag };
          at += tag.length - 1;
        }
        break;
      }
      case "string":
        // A doubled quote ends the text and begins it anew at once, which comes to the same.
        if (state.backslash && text[at] === "\\") at += 1;
        else if (text[at] === "'") state = CODE;
        break;
      case "identifier":
        if (text[at] === '"') state = CODE;
        break;
      case "dollar":
        if (text.startsWith(state.tag, at)) {
          at += state.tag.length - 1;
          state = CODE;
        }
        break;
      case "line comment":
        if (text[at] === "\n") state = CODE;
        break;
      case "block comment":
        if (two === "*/") {
          at += 1;
          state = CODE;
        }
        break;
    }
  }
  return state;
}

/**
 * Throws a `TypeError` when a place of a template stands inside quotes (`'${name}'`): what is bound there would be plain text, and the
 * value would be lost. `strings` are the template's own texts.
 */
export function assertOutsideQuotes(strings: readonly string[]): void {
  let state: Inside = CODE;
  for (const text of strings.slice(0, -1)) {
    state = advance(text, state);
    if (state.kind === "string" || state.kind === "identifier" || state.kind === "dollar") {
      throw new TypeError(
        `\${…} stands inside quotes in: ${strings.join("${…}").trim()}\n` +
          "Leave the quotes out: a value is bound as it is, and ident() quotes a name.",
      );
    }
  }
}
