/** Most rows that a failure shows. */
const SHOWN = 5;

/** A row as it came out: values by column. */
export type ActualRow = Readonly<Record<string, unknown>>;

/**
 * How the rows of a table differ from what is expected; empty when they do not. Of each expected row, the columns that it names are
 * compared. Numbers are equal to texts that write the same number, since large numbers and decimals are texts in JSON.
 */
export function rowDifferences(
  expected: readonly ActualRow[],
  actual: readonly ActualRow[],
  ordered: boolean,
  what: string,
): string[] {
  const unknown = [...new Set(expected.flatMap((row) => Object.keys(row)))].filter(
    (name) => actual.length > 0 && !Object.hasOwn(actual[0] ?? {}, name),
  );
  if (unknown.length > 0)
    return [`${what} has no column ${unknown.join(", ")}; it has ${Object.keys(actual[0] ?? {}).join(", ")}`];
  return ordered ? inOrder(expected, actual, what) : inAnyOrder(expected, actual, what);
}

function inOrder(expected: readonly ActualRow[], actual: readonly ActualRow[], what: string): string[] {
  const different: string[] = [];
  for (let row = 0; row < Math.max(expected.length, actual.length); row += 1) {
    const [wanted, got] = [expected[row], actual[row]];
    if (wanted !== undefined && got !== undefined && fits(wanted, got)) continue;
    different.push(
      `${what}, row ${String(row + 1)}: expected ${wanted === undefined ? "none" : show(wanted)}, got ${got === undefined ? "none" : show(got, wanted)}`,
    );
  }
  return shortened(different);
}

function inAnyOrder(expected: readonly ActualRow[], actual: readonly ActualRow[], what: string): string[] {
  const left = [...actual];
  // Rows that name more are matched first: one that names little fits many.
  const missing = [...expected]
    .sort((a, b) => Object.keys(b).length - Object.keys(a).length)
    .filter((wanted) => {
      const place = left.findIndex((got) => fits(wanted, got));
      if (place >= 0) left.splice(place, 1);
      return place < 0;
    });
  const named = expected[0];
  return [
    ...shortened(missing.map((row) => `${what} lacks the row ${show(row)}`)),
    ...shortened(left.map((row) => `${what} has a row that is not expected: ${show(row, named)}`)),
  ];
}

function fits(wanted: ActualRow, got: ActualRow): boolean {
  return Object.entries(wanted).every(([name, value]) => isSame(value, got[name] ?? null));
}

/** Whether a value is what the test says. */
export function isSame(wanted: unknown, got: unknown): boolean {
  if (wanted === got) return true;
  if (wanted === null || got === null || wanted === undefined || got === undefined)
    return (wanted ?? null) === (got ?? null);
  if (Array.isArray(wanted))
    return Array.isArray(got) && wanted.length === got.length && wanted.every((one, index) => isSame(one, got[index]));
  if (typeof wanted === "object") {
    if (typeof got !== "object" || Array.isArray(got)) return false;
    return Object.entries(wanted).every(([key, value]) => isSame(value, (got as ActualRow)[key]));
  }
  if (typeof got === "object") return false;
  if (typeof wanted === "number" || typeof got === "number") {
    const [a, b] = [`${wanted as number}`, `${got as number}`];
    return a.trim() !== "" && b.trim() !== "" && Number(a) === Number(b);
  }
  return typeof wanted === typeof got && wanted === got;
}

function show(row: ActualRow, named?: ActualRow): string {
  const keys = named === undefined ? Object.keys(row) : Object.keys(row).filter((key) => key in named);
  return `{ ${keys.map((key) => `${key}: ${JSON.stringify(row[key])}`).join(", ")} }`;
}

function shortened(texts: readonly string[]): string[] {
  if (texts.length <= SHOWN) return [...texts];
  return [...texts.slice(0, SHOWN), `… and ${String(texts.length - SHOWN)} more of these`];
}
