/** A length of time as a user would write it: `500ms`, `2.5s`. */
export function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${String(milliseconds)}ms` : `${String(milliseconds / 1000)}s`;
}
