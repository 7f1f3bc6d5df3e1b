import { existsSync } from "node:fs";
import path from "node:path";
import { withTemporaryFolder } from "../artifacts/with-temporary-folder.js";
import { formOf, readSourceFile } from "../config/config-sources.js";
import { modOfModeline } from "../config/modeline.js";
import { nestValue, parseSet } from "../config/parse-set.js";
import { mergeLayers, untrace } from "../config/traced-value.js";
import { fault } from "../errors.js";
import { consultMod } from "../runner/consult-mod.js";
import type { ConsultedMod } from "../runner/consult-mod.js";
import { openSession } from "../runner/session.js";
import type { Session } from "../runner/session-types.js";
import { chooseGuessingMod } from "./choose-mod.js";
import type { GuessingMod } from "./choose-mod.js";
import { asData, withParameters } from "./params-text.js";

/** What is asked of {@link guessParameters}. */
export interface GuessRequest {
  /** A file of data, a pattern of files, a table; or a file of parameters (`.yaml`) to be completed. */
  readonly source: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Mod to ask. Default: the one that reads files of that name; of a file of parameters, the one that its comment names. */
  readonly mod?: string | undefined;
  /** `--set` arguments. They are given, and written as they are. */
  readonly sets?: readonly string[] | undefined;
  readonly environmentName?: string | undefined;
  /** Level of the log lines that are shown on stderr. Default none. */
  readonly logLevel?: string | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** What was found out. */
export interface GuessReport {
  readonly mod: string;
  /** The file of parameters. Given to {@link guessParameters} again, it stays as it is. */
  readonly text: string;
  /** Parameters that were found out, by name. */
  readonly found: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

/**
 * Makes a file of parameters from the data, by asking the mod that reads it. What is given stays as it is; a run with the file reads what a run
 * without the found parameters reads.
 *
 * @throws DatapyError `DATAPY_GUESS_…`, `DATAPY_EXPLAIN_NO_MOD`, the mod's own; FaultList of faulty parameters
 */
export function guessParameters(request: GuessRequest): Promise<GuessReport> {
  return withTemporaryFolder("guess", (workPath) => guessIn(workPath, request));
}

async function guessIn(workPath: string, request: GuessRequest): Promise<GuessReport> {
  const { source, cwd, sets = [] } = request;
  const seed = /\.ya?ml$/i.test(source) && existsSync(path.resolve(cwd, source)) ? readSeed(source, cwd) : undefined;
  const session = await openSession({
    name: "guess",
    cwd,
    env: request.env,
    logLevel: request.logLevel,
    isQuiet: request.logLevel === undefined,
    workPath,
    looksOnly: true,
    progress: false,
    configuration: {
      ...(seed === undefined ? {} : { file: { path: source } }),
      ...(sets.length === 0 ? {} : { sets }),
      ...(request.environmentName === undefined ? {} : { environmentName: request.environmentName }),
    },
  });
  const abort = (): void => session.abort(fault("DATAPY_CANCELED", { cause: "the caller" }));
  request.signal?.addEventListener("abort", abort, { once: true });
  try {
    refuseFaulty(session);
    const named = request.mod ?? seed?.mod;
    if (seed !== undefined && named === undefined) throw fault("DATAPY_EXPLAIN_NO_MOD", { file: source });
    const mod = chooseGuessingMod(source, named, { cwd, env: request.env, registry: session.registry });
    const given: ReadonlySet<string> = new Set([...(seed?.keys ?? []), ...Object.keys(setValues(sets))]);
    return await ask(session, mod, { source, seed, sets, given });
  } finally {
    request.signal?.removeEventListener("abort", abort);
    await session.close(0);
  }
}

function refuseFaulty({ configurationFault }: Session): void {
  if (configurationFault instanceof Error) throw configurationFault;
}

interface Seed {
  readonly text: string;
  readonly mod: string | undefined;
  readonly keys: readonly string[];
}

function readSeed(source: string, cwd: string): Seed {
  const { document, root } = readSourceFile({ cwd }, { path: source }, "params");
  if (formOf(root) !== "flat")
    throw fault("DATAPY_CONFIG_SHAPE", {
      what: document.name,
      expected: "a file of parameters of one mod",
      given: "a job",
    });
  return { text: document.text, mod: modOfModeline(document.text), keys: [...root.entries.keys()] };
}

async function ask(
  session: Session,
  { name, guess }: GuessingMod,
  input: {
    readonly source: string;
    readonly seed: Seed | undefined;
    readonly sets: readonly string[];
    readonly given: ReadonlySet<string>;
  },
): Promise<GuessReport> {
  const { source, seed, sets, given } = input;
  const consult = (value: string | undefined): Promise<GuessReport> =>
    consultMod(
      session,
      { mod: name, ...(value === undefined ? {} : { params: { [guess.parameter]: value } }) },
      async (mod) => {
        if (value !== undefined && isElsewhere(mod, guess.parameter, path.resolve(session.cwd, source)))
          return consult(path.resolve(session.cwd, source));
        const { guess: definition } = mod.definition;
        if (definition === undefined) throw fault("DATAPY_GUESS_UNABLE", { mod: name, mods: name });
        const { params, notes = {} } = await definition.run(mod.params, mod.context, given);
        const named = value === undefined ? {} : { [guess.parameter]: params[guess.parameter] ?? value };
        const found = Object.fromEntries(
          Object.entries(params).filter(([key]) => !given.has(key) && !Object.hasOwn(named, key)),
        );
        const set = Object.entries(setValues(sets)).filter(([key]) => seed?.keys.includes(key) !== true);
        let text = withParameters(seed?.text ?? `# datapy: mod ${name}\n`, asData(named), notes);
        text = withParameters(text, Object.fromEntries(set), {});
        text = withParameters(text, asData(found), notes);
        return { mod: name, text, found, warnings: mod.warnings };
      },
      { incomplete: true },
    );
  return consult(seed === undefined && !given.has(guess.parameter) ? source : undefined);
}

/** Whether the mod would look for a file that is here somewhere else, since the project gives it a `base_path`. */
function isElsewhere({ params }: ConsultedMod, parameter: string, here: string): boolean {
  const there = params[parameter];
  return typeof there === "string" && there !== here && existsSync(here) && !existsSync(there);
}

/** Parameters of `--set`, as they were written: `${…}` in them is for the run. */
function setValues(sets: readonly string[]): Readonly<Record<string, unknown>> {
  const values = sets
    .map(parseSet)
    .filter(({ target }) => target.kind === "mod")
    .map(({ path: keys, value }) => nestValue(keys, value));
  return values.length === 0 ? {} : (untrace(mergeLayers(values)) as Record<string, unknown>);
}
