import type { TracedObject } from "../config/traced-value.js";
import type { ConfigurationParts } from "../config/resolved-configuration.js";
import type { RegisteredMod } from "../registry/registry-types.js";
import type { FindingList } from "./finding.js";

/** What a run of the file would read, in one environment. */
export type LintParts = Pick<
  ConfigurationParts,
  "project" | "environment" | "overlay" | "runFile" | "sets" | "globals"
>;

/** What the checks of one file share. */
export interface LintContext {
  readonly parts: LintParts;
  readonly findings: FindingList;
  /** The mod of a reference, known from its package alone, or the fault of there being none. */
  readonly findMod: (reference: string) => ModLookup;
  readonly cwd: string;
  /** Providers of secrets that the project allows. */
  readonly providers: ReadonlySet<string>;
}

/** Outcome of looking for a mod. `ignored`: it is not there, and that is no matter here. */
export type ModLookup = { readonly mod: RegisteredMod } | { readonly error: unknown } | { readonly ignored: true };

/** A step of either job form, as far as checks of the whole job need it. */
export interface LintStep {
  /** Key under `mods:`, or `id`. */
  readonly id: string;
  /** Reference of its mod; `undefined` for a sub-job or where it is missing. */
  readonly mod: string | undefined;
  readonly lookup: ModLookup | undefined;
  readonly node: TracedObject;
  readonly hasForeach: boolean;
}
