const SPECIAL = /[*?[\]{}]/;

/** Whether a path holds wildcards. */
export function isGlob(pattern: string): boolean {
  return SPECIAL.test(pattern);
}

/** The folders of a glob before its first wildcard, with a slash at the end where there are any. */
export function globRoot(pattern: string): string {
  const first = pattern.search(SPECIAL);
  return first === -1 ? pattern : pattern.slice(0, pattern.lastIndexOf("/", first) + 1);
}

/** Matches paths with `/`: `*` and `?` inside a name, `**` over folders, `[abc]`, `[!abc]`, `{one,two}`. */
export function globExpression(pattern: string): RegExp {
  let source = "";
  let open = 0;
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern.charAt(index);
    const rest = pattern.slice(index);
    if (rest.startsWith("**/")) {
      source += "(?:[^/]+/)*";
      index += 2;
    } else if (rest.startsWith("**")) {
      source += ".*";
      index += 1;
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[" && rest.includes("]")) {
      const end = pattern.indexOf("]", index + 2);
      const set = pattern
        .slice(index + 1, end)
        .replace(/^!/, "^")
        .replace(/\\/g, "\\\\");
      source += `[${set}]`;
      index = end;
    } else if (character === "{" && rest.includes("}")) {
      source += "(?:";
      open += 1;
    } else if (character === "}" && open > 0) {
      source += ")";
      open -= 1;
    } else if (character === "," && open > 0) source += "|";
    else source += character.replace(/[.+^$()|[\]\\{}]/g, "\\$&");
  }
  return new RegExp(`^${source}$`);
}
