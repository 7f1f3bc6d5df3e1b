import { loadConfiguration } from "../config/load-configuration.js";
import { localDate } from "./local-date.js";
import { scriptState } from "./script-session.js";

/** What a script gets: its own parameters, and the globals of its configuration. */
export interface ScriptParameters {
  readonly params: Readonly<Record<string, unknown>>;
  readonly globals: Readonly<Record<string, unknown>>;
}

/**
 * Reads what `-p` and `--set` give to the script itself. Opens no session, since the script may still say where its log is to go.
 * Throws the `FaultList` of a configuration that cannot be read.
 */
export async function readScriptParameters(): Promise<ScriptParameters> {
  const state = scriptState();
  const { id, cwd, env, configuration: sources, masker, script } = state.options;
  const configuration = await loadConfiguration({
    cwd: cwd ?? process.cwd(),
    env: env ?? process.env,
    ...sources,
    ...(id === undefined ? {} : { references: { session: { id }, run: { date: localDate(new Date()) } } }),
    ...(masker === undefined ? {} : { masker }),
    ...(script === undefined ? {} : { script }),
  });
  const params = await configuration.scriptParameters();
  state.params = params;
  state.configured = configuration.globals;
  return { params, globals: configuration.globals };
}
