import { sqlTokens } from "./sql-tokens.js";
import type { SqlToken } from "./sql-tokens.js";

/** Words that end the list of `PIVOT … ON a, b`. */
const ENDS =
  /^(?:USING|GROUP|ORDER|LIMIT|OFFSET|UNION|INTERSECT|EXCEPT|WHERE|QUALIFY|JOIN|INNER|LEFT|RIGHT|FULL|CROSS|AS)$/i;

/** The value that stands for those that only the data knows. */
export const UNKNOWN_VALUE = "?";

/**
 * `text` with `IN ('?')` behind every column of a `PIVOT … ON` that takes its values from the data. Only such a statement has a syntax tree:
 * DuckDB makes two statements of the other, the first of which collects the values.
 */
export function withStaticPivots(text: string): string {
  const tokens = sqlTokens(text);
  const places: number[] = [];
  tokens.forEach((token, index) => {
    if (token.kind === "word" && /^PIVOT(?:_WIDER)?$/i.test(token.text)) places.push(...openLists(tokens, index + 1));
  });
  let result = text;
  for (const place of [...new Set(places)].sort((a, b) => b - a))
    result = `${result.slice(0, place)} IN ('${UNKNOWN_VALUE}')${result.slice(place)}`;
  return result;
}

/** Ends of the items of the list after the next `ON` that have no `IN`. */
function openLists(tokens: readonly SqlToken[], from: number): number[] {
  const places: number[] = [];
  let depth = 0;
  let inList = false;
  let hasValues = false;
  let end: number | undefined;
  const finish = (): void => {
    if (end !== undefined && !hasValues) places.push(end);
    end = undefined;
    hasValues = false;
  };
  for (const token of tokens.slice(from)) {
    if (token.text === ")" || token.text === "]" || token.text === "}") depth -= 1;
    if (depth < 0) break;
    if (depth === 0) {
      if (token.text === ";" || (inList && token.kind === "word" && ENDS.test(token.text))) break;
      if (!inList) {
        inList = token.kind === "word" && /^ON$/i.test(token.text);
        if (token.text === "(" || token.text === "[" || token.text === "{") depth += 1;
        continue;
      }
      if (token.text === ",") {
        finish();
        continue;
      }
      if (token.kind === "word" && /^IN$/i.test(token.text)) hasValues = true;
    }
    if (inList) end = token.end;
    if (token.text === "(" || token.text === "[" || token.text === "{") depth += 1;
  }
  finish();
  return places;
}
