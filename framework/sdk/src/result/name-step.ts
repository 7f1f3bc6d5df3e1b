/** An error of an envelope with the step that it happened in. `CODE: …` stays at the beginning: programs look for it there. */
export function nameStep(error: string, what: string): string {
  const code = /^([A-Z][A-Z0-9_]+): /.exec(error);
  return code === null ? `${what}: ${error}` : `${code[0]}${what}: ${error.slice(code[0].length)}`;
}
