/** Whether a text stands at a place, in any mixture of escapes: up to which place, or as far as the searched text goes. */
export type EscapedMatch = { readonly end: number } | "beginning" | undefined;

const cache = new Map<string, readonly string[]>();

/**
 * Finds a text whichever way a program escaped it: percent-encoding (of any set of characters, in either case, once or twice), form
 * encoding, JSON (once or twice), JavaScript, C and shell backslashes, doubled quotes of SQL and CSV, HTML entities. Characters may
 * be escaped or not independently of each other, so that no program's choice of what to escape has to be known.
 */
export class EscapedText {
  readonly #units: readonly (readonly string[])[];
  /** Most characters that the text can take up. */
  readonly longest: number;

  constructor(text: string) {
    this.#units = [...text.replace(/\r\n/g, "\n")].map(spellings);
    this.longest = this.#units.reduce(
      (sum, unit) => sum + unit.reduce((most, one) => Math.max(most, one.length), 0),
      0,
    );
  }

  /** Calls `found` with every place in `text` where it stands. */
  findAll(text: string, found: (start: number, end: number) => void): void {
    for (const spelling of this.#units[0] ?? []) {
      for (let at = text.indexOf(spelling); at !== -1; at = text.indexOf(spelling, at + 1)) {
        const match = this.matchAt(text, at);
        if (typeof match === "object") found(at, match.end);
      }
    }
  }

  /** Whether it stands at `at`, or everything from there to the end of `text` is its beginning. */
  matchAt(text: string, at: number): EscapedMatch {
    let places: number[] = [at];
    let beginning = false;
    for (const unit of this.#units) {
      const next: number[] = [];
      for (const place of places) {
        for (const spelling of unit) {
          if (text.startsWith(spelling, place)) {
            const end = place + spelling.length;
            if (!next.includes(end)) next.push(end);
          } else if (place + spelling.length > text.length && spelling.startsWith(text.slice(place))) beginning = true;
        }
      }
      if (next.length === 0) return beginning ? "beginning" : undefined;
      places = next;
    }
    return { end: Math.max(...places) };
  }
}

/** Every way to write one character. */
function spellings(character: string): readonly string[] {
  let known = cache.get(character);
  if (known === undefined) {
    known = [...new Set(spell(character))];
    cache.set(character, known);
  }
  return known;
}

function spell(character: string): string[] {
  const percent = percentForms(character);
  const forms = [character, ...percent, ...percent.map((form) => form.replaceAll("%", "%25"))];
  // Letters and digits are escaped by nobody but percent-encoders.
  if (/^[A-Za-z0-9]$/.test(character)) return forms;
  const point = character.codePointAt(0) ?? 0;
  const units = Array.from({ length: character.length }, (_, index) =>
    character.charCodeAt(index).toString(16).padStart(4, "0"),
  );
  const unicode = units.map((unit) => `\\u${unit}`).join("");
  const json = JSON.stringify(character).slice(1, -1);
  const escaped = [json, `\\${character}`, unicode, unicode.toUpperCase().replaceAll("\\U", "\\u")];
  forms.push(...escaped, ...escaped.map((form) => JSON.stringify(form).slice(1, -1)));
  forms.push(`&#${point};`, `&#x${point.toString(16)};`, `&#x${point.toString(16).toUpperCase()};`);
  forms.push(...(NAMED.get(character) ?? []));
  return forms;
}

const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  [" ", ["+"]],
  ["&", ["&amp;"]],
  ["<", ["&lt;"]],
  [">", ["&gt;"]],
  ['"', ["&quot;", '""']],
  ["'", ["&apos;", "&#039;", "''", `'\\''`, `'"'"'`]],
  ["`", ["``"]],
  ["$", ["$$"]],
  ["\n", ["\r\n", "\\r\\n", "%0D%0A", "%0d%0a"]],
]);

/** Percent-encoding of the character's UTF-8, in capitals and in small letters. Half a character becomes U+FFFD, as URLs have it. */
function percentForms(character: string): string[] {
  const bytes = [...Buffer.from(character, "utf8")].map((byte) => byte.toString(16).padStart(2, "0"));
  const form = bytes.map((byte) => `%${byte}`).join("");
  return form === form.toUpperCase() ? [form] : [form.toUpperCase(), form];
}
