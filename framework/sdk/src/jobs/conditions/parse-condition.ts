import { parseTemplate } from "../../config/references.js";
import type { Comparison, Condition, StatusQuestion } from "./condition-types.js";

/** Why a condition is not understood. */
export class ConditionError extends Error {}

type Token =
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "symbol"; readonly text: string }
  | Extract<Condition, { kind: "reference" }>;

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const STATUS: ReadonlySet<string> = new Set(["succeeded", "failed", "skipped"]);
const SYMBOL = /^(?:==|!=|<=|>=|<|>|\(|\)|\[|\]|,|&&|\|\||!)/;
const WORD = /^[A-Za-z_][A-Za-z0-9_.-]*/;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/;

/**
 * Understands a condition: references (`${mods.read.metrics.rows_output}`), numbers, texts in quotes, `true`, `false`, `null`;
 * `== != < <= > >=`, `in [a, b]`, `and`, `or`, `not`, brackets; and `succeeded(step)`, `failed(step)`, `skipped(step)`, which without
 * a step ask all that the step needs. Nothing in it calls, loops or assigns.
 *
 * @throws ConditionError
 */
export function parseCondition(text: string): Condition {
  const parser = new Parser(tokensOf(text));
  const condition = parser.or();
  parser.end();
  return condition;
}

/** Whether a condition asks for the status of steps: it then decides itself whether a failed step keeps its own from running. */
export function asksForStatus(condition: Condition): boolean {
  return [...partsOf(condition)].some((part) => part.kind === "status");
}

/** A condition and all conditions inside it. */
export function* partsOf(condition: Condition): Generator<Condition> {
  yield condition;
  switch (condition.kind) {
    case "not":
      yield* partsOf(condition.operand);
      return;
    case "and":
    case "or":
    case "compare":
      yield* partsOf(condition.left);
      yield* partsOf(condition.right);
      return;
    case "in":
      yield* partsOf(condition.item);
      if (isList(condition.list)) for (const one of condition.list) yield* partsOf(one);
      else yield* partsOf(condition.list);
      return;
    case "literal":
    case "reference":
    case "status":
  }
}

/** Whether the right side of `in` is written out. */
export function isList(list: readonly Condition[] | Condition): list is readonly Condition[] {
  return Array.isArray(list);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const part of parseTemplate(text)) {
    if (part.kind === "reference") {
      const { reference, raw, index } = part;
      tokens.push({ kind: "reference", reference, raw, index });
    } else readTokens(part.text, tokens);
  }
  return tokens;
}

function readTokens(text: string, tokens: Token[]): void {
  let rest = text;
  const take = (length: number): void => {
    rest = rest.slice(length);
  };
  for (;;) {
    rest = rest.trimStart();
    if (rest === "") return;
    const quote = rest.charAt(0);
    if (quote === "'" || quote === '"') {
      const end = rest.indexOf(quote, 1);
      if (end === -1)
        throw new ConditionError(
          `a ${quote} has no end (a reference stands outside of quotes, as in \${globals.x} == 'a')`,
        );
      tokens.push({ kind: "text", value: rest.slice(1, end) });
      take(end + 1);
      continue;
    }
    const [symbol] = SYMBOL.exec(rest) ?? [];
    const [number] = NUMBER.exec(rest) ?? [];
    const [word] = WORD.exec(rest) ?? [];
    if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol });
    else if (number !== undefined) tokens.push({ kind: "number", value: Number(number) });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else throw new ConditionError(`${JSON.stringify(rest.slice(0, 10))} is not understood`);
    take((symbol ?? number ?? word ?? "").length);
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  or(): Condition {
    if (++this.#depth > 50) throw new ConditionError("brackets are nested more than 50 deep");
    let left = this.#and();
    while (this.#takes("or", "||")) left = { kind: "or", left, right: this.#and() };
    this.#depth -= 1;
    return left;
  }

  end(): void {
    const token = this.#tokens[this.#next];
    if (token !== undefined) throw new ConditionError(`${wordsOf(token)} is not expected there`);
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#takes("and", "&&")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    let negations = 0;
    while (this.#takes("not", "!")) negations += 1;
    const operand = this.#comparison();
    return negations % 2 === 0 ? operand : { kind: "not", operand };
  }

  #comparison(): Condition {
    const left = this.#operand();
    const token = this.#tokens[this.#next];
    if (token?.kind === "symbol" && COMPARISONS.has(token.text)) {
      this.#next += 1;
      return { kind: "compare", operator: token.text as Comparison, left, right: this.#operand() };
    }
    const negated = token?.kind === "word" && token.text === "not" && this.#isWord(1, "in");
    if (negated) this.#next += 1;
    if (!this.#takes("in")) return left;
    const inside: Condition = { kind: "in", item: left, list: this.#list() };
    return negated ? { kind: "not", operand: inside } : inside;
  }

  #list(): readonly Condition[] | Condition {
    if (!this.#takes("[")) return this.#operand();
    const items: Condition[] = [];
    if (this.#takes("]")) return items;
    do items.push(this.#operand());
    while (this.#takes(","));
    this.#expect("]");
    return items;
  }

  #operand(): Condition {
    const token = this.#tokens[this.#next++];
    switch (token?.kind) {
      case undefined:
        throw new ConditionError("something is missing at its end");
      case "reference":
        return token;
      case "number":
      case "text":
        return { kind: "literal", value: token.value };
      case "word":
        return this.#word(token.text);
      case "symbol": {
        if (token.text !== "(") throw new ConditionError(`${token.text} is not expected there`);
        const inner = this.or();
        this.#expect(")");
        return inner;
      }
    }
  }

  #word(text: string): Condition {
    if (text === "true" || text === "false") return { kind: "literal", value: text === "true" };
    if (text === "null") return { kind: "literal", value: null };
    if (STATUS.has(text) && this.#takes("(")) {
      const step = this.#tokens[this.#next];
      const named = step?.kind === "word" || step?.kind === "text" ? step : undefined;
      if (named !== undefined) this.#next += 1;
      this.#expect(")");
      const name = named === undefined ? undefined : named.kind === "word" ? named.text : named.value;
      return { kind: "status", question: text as StatusQuestion, step: name };
    }
    throw new ConditionError(`${text} is neither a reference nor a value; a text stands in quotes`);
  }

  #takes(...texts: readonly string[]): boolean {
    const token = this.#tokens[this.#next];
    if ((token?.kind !== "word" && token?.kind !== "symbol") || !texts.includes(token.text)) return false;
    this.#next += 1;
    return true;
  }

  #isWord(ahead: number, text: string): boolean {
    const token = this.#tokens[this.#next + ahead];
    return token?.kind === "word" && token.text === text;
  }

  #expect(symbol: string): void {
    if (!this.#takes(symbol)) throw new ConditionError(`${symbol} is missing`);
  }
}

function wordsOf(token: Token): string {
  switch (token.kind) {
    case "reference":
      return token.raw;
    case "number":
      return String(token.value);
    case "text":
      return JSON.stringify(token.value);
    case "word":
    case "symbol":
      return token.text;
  }
}
