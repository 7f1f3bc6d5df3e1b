import { FLAG, KIND } from "./layout.js";
import type { ColumnSeen } from "./scan-types.js";

/** Kind of a column that held `a` and then `b`; `undefined` when the two make text. */
function mergeKinds(a: ColumnSeen, b: ColumnSeen, aggressive: boolean): number | undefined {
  if (a.kind === b.kind && a.kind !== KIND.decimal) return a.kind;
  const numeric = (kind: number): boolean =>
    kind === KIND.int || kind === KIND.decimal || kind === KIND.double || kind === KIND.mixed;
  const doubles = (column: ColumnSeen): boolean =>
    column.kind === KIND.double || (column.kind === KIND.decimal && (column.flags & FLAG.notDouble) === 0);
  if (a.kind === KIND.decimal && b.kind === KIND.decimal && a.scale === b.scale) return KIND.decimal;
  if (doubles(a) && doubles(b)) return KIND.double;
  if (!aggressive) return undefined;
  if (numeric(a.kind) && numeric(b.kind)) return KIND.mixed;
  const moment = (kind: number): boolean => kind === KIND.date || kind === KIND.timestamp;
  return moment(a.kind) && moment(b.kind) ? KIND.timestamp : undefined;
}

/** What was seen in a column in two stretches of data, `a` before `b`. Columns of declared type keep their kind. */
export function mergeColumns(a: ColumnSeen, b: ColumnSeen, aggressive: boolean): ColumnSeen {
  const sums = {
    nulls: a.nulls + b.nulls,
    values: a.values + b.values,
    intDigits: Math.max(a.intDigits, b.intDigits),
    scale: Math.max(a.scale, b.scale),
    flags: a.flags | b.flags,
    typed: a.typed + b.typed,
    misses: a.misses + b.misses,
  };
  const first = a.first ?? b.first;
  const firstPart = first === undefined ? {} : { first };
  if (a.kind === KIND.none || (a.values === 0 && a.kind < KIND.text)) return { ...b, ...sums, ...firstPart };
  if (b.kind === KIND.none) return { ...a, ...sums };
  if (a.kind > KIND.text) return { ...a, ...sums };
  const text = (prior: number, offending: ColumnSeen["offending"]): ColumnSeen => ({
    ...sums,
    kind: KIND.text,
    prior,
    ...firstPart,
    ...(offending === undefined ? {} : { offending }),
  });
  if (a.kind === KIND.text) return text(a.prior, a.offending);
  // `b` became text at its own offending value, unless its values before that already differ from `a`'s.
  if (b.kind === KIND.text) {
    const alike = b.prior === KIND.none || mergeKinds(a, { ...b, kind: b.prior }, aggressive) !== undefined;
    return text(a.kind, alike ? b.offending : b.first);
  }
  const kind = mergeKinds(a, b, aggressive);
  if (kind === undefined) return text(a.kind, b.first);
  return { ...sums, kind, prior: KIND.none, ...firstPart };
}
