/** A comment that says which mod a file's parameters are for: the schema that an editor reads, or `# datapy: mod csv-reader`. */
const MODELINE =
  /^#\s*(?:yaml-language-server:\s*\$schema=\S*?params\/([\w.-]+?)(?:\.schema)?\.json|datapy:\s*mod[ =]+(\S+))\s*$/m;

/** The mod that a file of parameters names in a comment. */
export function modOfModeline(text: string): string | undefined {
  const match = MODELINE.exec(text);
  return match?.[1] ?? match?.[2];
}
