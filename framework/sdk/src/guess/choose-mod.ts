import { existsSync } from "node:fs";
import path from "node:path";
import { fault } from "../errors.js";
import { isGlob } from "../lint/glob.js";
import { findMod } from "../registry/find-mod.js";
import type { ModManifest, Registry } from "../registry/registry-types.js";

/** A mod that can guess, and the parameter that names the data. */
export interface GuessingMod {
  readonly name: string;
  readonly guess: NonNullable<ModManifest["guess"]>;
}

/**
 * The mod to ask how `source` is to be read: `wanted` where it is given, else the one that reads files of that ending; of what is no file, the
 * one that reads tables.
 *
 * @throws DatapyError `DATAPY_GUESS_UNABLE`, `DATAPY_GUESS_NO_MOD`, and what {@link findMod} throws
 */
export function chooseGuessingMod(
  source: string,
  wanted: string | undefined,
  where: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly registry: Registry;
  },
): GuessingMod {
  const able = where.registry.mods.flatMap((mod): GuessingMod[] => {
    const guess = mod.manifest?.guess;
    return guess === undefined ? [] : [{ name: mod.name, guess }];
  });
  const mods = able.length === 0 ? "(none is installed)" : able.map(({ name }) => name).join(", ");
  if (wanted !== undefined) {
    const { name } = findMod(wanted, where);
    const found = able.find((mod) => mod.name === name);
    if (found === undefined) throw fault("DATAPY_GUESS_UNABLE", { mod: name, mods });
    return found;
  }
  const lower = source.toLowerCase();
  const byEnding = able
    .map((mod) => ({ mod, end: longest(mod.guess.files.filter((ending) => lower.endsWith(ending.toLowerCase()))) }))
    .filter(({ end }) => end > 0)
    .sort((a, b) => b.end - a.end);
  const isFile = existsSync(path.resolve(where.cwd, source)) || isGlob(source) || /[\\/]/.test(source);
  const found = byEnding[0]?.mod ?? (isFile ? undefined : able.find(({ guess }) => guess.files.length === 0));
  if (found === undefined) throw fault("DATAPY_GUESS_NO_MOD", { source: JSON.stringify(source), mods });
  return found;
}

function longest(endings: readonly string[]): number {
  return Math.max(0, ...endings.map((ending) => ending.length));
}
