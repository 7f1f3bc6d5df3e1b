import type { Masker } from "./masker-types.js";
import { EscapedText } from "./escaped-text.js";
import { SHORTEST_ANYWHERE, encodedForms, secretTexts } from "./secret-texts.js";

/** What stands in place of a secret. */
export const MASK = "***";

/** A {@link Masker} that also knows how much of a text's end may be the beginning of a secret. */
export interface StreamMasker extends Masker {
  /**
   * Masks as much of `text` as is certain, and gives back the rest: an end that may be a secret's beginning, whose other half is
   * still to come.
   */
  maskPart(text: string): { readonly masked: string; readonly rest: string };
}

/** Makes a masker that masks nothing yet. */
export function createMasker(): StreamMasker {
  return new ValueMasker();
}

interface Span {
  readonly start: number;
  readonly end: number;
}

class ValueMasker implements StreamMasker {
  readonly #known = new Set<string>();
  /** Secrets too short to be masked inside of words. */
  readonly #words = new Set<string>();
  readonly #texts: EscapedText[] = [];
  readonly #forms = new Set<string>();
  /** Most characters that a secret takes up in any form. */
  #longest = 0;

  add(value: string): void {
    for (const text of this.#known.has(value) ? [] : secretTexts(value)) {
      if (this.#known.has(text)) continue;
      this.#known.add(text);
      if (text.length < SHORTEST_ANYWHERE) {
        this.#words.add(text);
        this.#longest = Math.max(this.#longest, text.length);
        continue;
      }
      const escaped = new EscapedText(text);
      this.#texts.push(escaped);
      this.#longest = Math.max(this.#longest, escaped.longest);
      for (const form of encodedForms(text)) {
        this.#forms.add(form);
        this.#longest = Math.max(this.#longest, form.length);
      }
    }
  }

  mask(text: string): string {
    return this.#longest === 0 ? text : replaceSpans(text, this.#find(text));
  }

  maskPart(text: string): { masked: string; rest: string } {
    if (this.#longest === 0) return { masked: text, rest: "" };
    const spans = this.#find(text);
    let cut = this.#possibleBeginning(text);
    // A secret that overlaps the undecided end stays whole on one side.
    for (const span of spans.toReversed()) if (span.end > cut && span.start < cut) cut = span.start;
    const certain = spans.filter((span) => span.end <= cut);
    return { masked: replaceSpans(text.slice(0, cut), certain), rest: text.slice(cut) };
  }

  maskJson<Value>(value: Value): Value {
    // What comes out has the shape of what went in: only texts differ.
    return this.#longest === 0 ? value : (this.#maskAny(value) as Value);
  }

  #maskAny(value: unknown): unknown {
    if (typeof value === "string") return this.mask(value);
    if (Array.isArray(value)) {
      const items = value as readonly unknown[];
      const masked = items.map((item) => this.#maskAny(item));
      return masked.some((item, index) => item !== items[index]) ? masked : value;
    }
    if (typeof value !== "object" || value === null || !isRecord(value)) return this.#maskScalar(value);
    let changed = false;
    const copy = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>;
    for (const [key, inner] of Object.entries(value)) {
      const [name, content] = [this.mask(key), this.#maskAny(inner)];
      changed ||= name !== key || content !== inner;
      Object.defineProperty(copy, name, { value: content, writable: true, enumerable: true, configurable: true });
    }
    return changed ? copy : value;
  }

  /** A number may be a secret too (a PIN): it is masked where its text is one, whole. */
  #maskScalar(value: unknown): unknown {
    if (typeof value !== "number" && typeof value !== "bigint") return value;
    const text = String(value);
    return this.#known.has(text) && text.length >= SHORTEST_ANYWHERE ? MASK : value;
  }

  #find(text: string): Span[] {
    const spans: Span[] = [];
    for (const escaped of this.#texts) escaped.findAll(text, (start, end) => spans.push({ start, end }));
    for (const form of this.#forms) {
      for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
        spans.push({ start: at, end: at + form.length });
      }
    }
    for (const word of this.#words) {
      for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
        const end = at + word.length;
        if (!isWordCharacter(text[at - 1]) && !isWordCharacter(text[end])) spans.push({ start: at, end });
      }
    }
    return spans.sort((one, other) => one.start - other.start);
  }

  /** The first place from which the rest of `text` may be the beginning of a secret; its length if there is none. */
  #possibleBeginning(text: string): number {
    for (let at = Math.max(0, text.length - this.#longest); at < text.length; at++) {
      const rest = text.slice(at);
      if (this.#texts.some((escaped) => escaped.matchAt(text, at) === "beginning")) return at;
      for (const form of this.#forms) if (form.length > rest.length && form.startsWith(rest)) return at;
      // A word is known to stand alone only when the character after it is.
      for (const word of this.#words) if (word.startsWith(rest)) return at;
    }
    return text.length;
  }
}

function replaceSpans(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  let result = "";
  let done = 0;
  let end = 0;
  let open = false;
  for (const span of spans) {
    if (open && span.start < end) {
      end = Math.max(end, span.end);
      continue;
    }
    if (open) done = end;
    result += `${text.slice(done, span.start)}${MASK}`;
    end = span.end;
    open = true;
  }
  return result + text.slice(open ? end : 0);
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}

function isRecord(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
