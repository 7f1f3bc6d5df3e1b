import { currentSession, scriptState } from "./script-session.js";

/** After how long a script that still holds something is told what it is, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * Resolves when a script has nothing more to do: as under plain `node`, what it started and did not await (`main()` at its end, a run,
 * a timer) belongs to it. What keeps it for long is said in the log.
 */
export function nothingLeftToDo(): Promise<void> {
  return new Promise((resolve) => {
    // What is left then is the channel to the supervisor, which is none of the script's.
    const { channel } = process;
    const patience = setTimeout(() => void sayWhatIsOpen(), PATIENCE_MS).unref();
    process.once("beforeExit", () => {
      clearTimeout(patience);
      channel?.ref();
      resolve();
    });
    channel?.unref();
  });
}

/** Resolves when no run is under way. */
export async function noRunLeft(): Promise<void> {
  const session = await scriptState().opening;
  if (session === undefined) return;
  // A run that was asked for before the session was open begins now.
  await new Promise((resolve) => setImmediate(resolve));
  while (session.active.size > 0) {
    await new Promise<void>((resolve) => {
      const stop = session.listen((event) => {
        if (event.kind !== "run-ended") return;
        stop();
        // The run itself leaves the list after it has told of its end.
        setImmediate(resolve);
      });
    });
  }
}

async function sayWhatIsOpen(): Promise<void> {
  const open = [...new Set(process.getActiveResourcesInfo())].sort();
  const { log, active } = await currentSession();
  // A run that takes its time is no secret.
  if (active.size > 0 || open.length === 0) return;
  log.lifecycle("warn", "the script has come to its end, and waits for what it left open", {}, { open });
}
