import { closestName } from "@datapy/sdk/closest-name";

/** Up to `limit` candidates that `given` was probably meant to be, the likeliest first: near misspellings, then what it is the beginning of. */
export function similarNames(given: string, candidates: Iterable<string>, limit: number): string[] {
  const rest = new Set(candidates);
  const found: string[] = [];
  const take = (name: string): void => {
    found.push(name);
    rest.delete(name);
  };
  for (let name = closestName(given, rest); name !== undefined && found.length < limit; name = closestName(given, rest))
    take(name);
  const longer = given.length < 2 ? [] : [...rest].filter((name) => name.startsWith(given)).sort();
  for (const name of longer.slice(0, limit - found.length)) take(name);
  return found;
}
