import { currentRun } from "./current-run.js";
import { scriptGlobals, scriptState } from "./script-session.js";

/**
 * Parameters that the script was given: `-p params.yaml` and `--set key=value` of `datapy run-script`, with `${…}` expanded. Empty in
 * a script that plain `node` runs. Read only.
 */
export const params: Readonly<Record<string, unknown>> = liveRecord(() => scriptState().params);

/**
 * Globals of the session: those of project, job and `setGlobalConfig`, and what mods have added. Read only; set with `setGlobalConfig`.
 */
export const globals: Readonly<Record<string, unknown>> = liveRecord(
  () => currentRun()?.session.globals ?? scriptGlobals(),
);

/** An object that shows, at every look, what `read` gives then. */
function liveRecord(read: () => Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const refuse = (): never => {
    throw new TypeError("params and globals are read only; globals are set with setGlobalConfig()");
  };
  return new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_, key) => (typeof key === "string" && Object.hasOwn(read(), key) ? read()[key] : undefined),
    has: (_, key) => Object.hasOwn(read(), key),
    ownKeys: () => Reflect.ownKeys(read()),
    getOwnPropertyDescriptor: (_, key) => {
      const found = Object.getOwnPropertyDescriptor(read(), key);
      // A proxy may show a property as fixed only when its own target has it.
      return found === undefined
        ? undefined
        : { value: read()[key as string], enumerable: true, configurable: true, writable: false };
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  });
}
