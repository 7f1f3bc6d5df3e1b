const SHAPES: readonly RegExp[] = [
  /^[-+]?\d{1,3}(?:[,.' ]?\d{3})*(?:[.,]\d+)?(?:e[-+]?\d+)?\s*%?$/i,
  /^[-+]?\d*[.,]?\d+(?:e[-+]?\d+)?\s*%?$/i,
  /^[$€£¥]\s?[-+]?[\d.,]+$/,
  /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AP]M)?(?:Z|[-+]\d{2}:?\d{2})?)?$/i,
  /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AP]M)?$/i,
  /^(?:true|false)$/i,
];
const CLEAN: readonly RegExp[] = [
  /^[a-z][a-z0-9+.-]*:\/\/\S+$/i,
  /^[^\s@]+@[^\s@]+\.[a-z]{2,}$/i,
  /^[\p{L}\p{N}_.#/()&'!?*°%+ -]{1,80}$/u,
  /^(?:n\/?a|nan|null|none|-)$/i,
];

/** Number of the shape that a value has: numbers, amounts, dates, times, truth values; -1 for text. */
export function valueShape(value: string): number {
  const text = value.trim();
  if (text === "" || text.length > 40) return -1;
  const shape = SHAPES.findIndex((pattern) => pattern.test(text));
  return shape === 1 ? 0 : shape;
}

/** Whether a value looks like one value, rather than like several with a delimiter that was not seen. */
export function looksLikeOneValue(value: string): boolean {
  const text = value.trim();
  if (text === "" || valueShape(text) >= 0) return true;
  return CLEAN.some((pattern) => pattern.test(text));
}
