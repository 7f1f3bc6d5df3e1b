/** As many as one screen shows, each with its hint; whoever has mended them sees the rest. */
const MOST_LINES = 10;

/** The first of many messages, and how many `others` there are. */
export function oneScreen(lines: readonly string[], others: string): readonly string[] {
  const left = lines.length - MOST_LINES;
  return left <= 0 ? lines : [...lines.slice(0, MOST_LINES), `… and ${String(left)} more ${others}`];
}
