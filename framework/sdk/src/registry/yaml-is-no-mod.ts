/** A YAML file in the place of a mod. */
export const YAML_ENDING = /\.ya?ml$/i;

/** What to do with a YAML file that was given as a mod; `undefined` for everything else. */
export function yamlIsNoMod(reference: string): string | undefined {
  if (!YAML_ENDING.test(reference)) return undefined;
  return `A job file is run with \`datapy run-job ${reference}\`, a file of parameters with \`datapy run-mod MOD -p ${reference}\`.`;
}
