import picomatch from "picomatch";

/** Whether a text has characters of a pattern: `*`, `?`, `[…]`, `{…,…}`. */
export function isPattern(text: string): boolean {
  return /[*?[]|\{[^{}]*,[^{}]*\}/.test(text);
}

/** The part of a pattern before the folder in which its first special character stands: what a listing can begin with. */
export function patternPrefix(pattern: string): string {
  const at = pattern.search(/[*?[{\\!+@(]/);
  return at === -1 ? pattern : pattern.slice(0, at);
}

/** A test by pattern: `*` and `?` within one folder, `**` across folders, `[a-z]`, `{a,b}`. Names that begin with a dot match too. */
export function matcherOf(pattern: string): (text: string) => boolean {
  const matches = picomatch(pattern, {
    dot: true,
    nonegate: true,
    noextglob: true,
    strictSlashes: true,
    posixSlashes: false,
  });
  return (text) => matches(text);
}
