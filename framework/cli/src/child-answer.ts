import { DatapyError } from "@datapy/mod-kit";
import type { DatapyErrorInput } from "@datapy/mod-kit";
import { fault } from "@datapy/sdk/errors";
import { FaultList } from "@datapy/sdk/faults";
import { runNodeScript } from "./child-process.js";
import { toFaults } from "./errors/to-faults.js";

/** What a process that loaded code of mods answers. */
type ChildAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly faults: readonly DatapyErrorInput[] };

/**
 * Has a script of ours work in a process of its own, since it loads code of mods, which may print, hang or end its process. Gives its
 * answer, or throws its faults. `subject` names what was worked on when it gave none.
 */
export async function askChild(
  script: string,
  args: readonly string[],
  { cwd, subject }: { readonly cwd: string; readonly subject: string },
): Promise<unknown> {
  const { message, code } = await runNodeScript(script, args, { cwd, stdout: "stderr" });
  const answer = message as ChildAnswer | undefined;
  if (answer?.ok === true) return answer.result;
  const [first, ...others] = (answer?.faults ?? []).map((one) => new DatapyError(one));
  if (first === undefined)
    throw fault("DATAPY_MOD_CRASHED", { mod: subject, detail: `exit code ${String(code)} while it was loaded` });
  throw others.length === 0 ? first : new FaultList([first, ...others]);
}

/** The other side of {@link askChild}: sends what the work came to, and ends the process. */
export async function answerParent(work: Promise<unknown>): Promise<void> {
  const answer = await work.then(
    (result): ChildAnswer => ({ ok: true, result }),
    (error: unknown): ChildAnswer => ({ ok: false, faults: toFaults(error).map(plainFault) }),
  );
  // eslint-disable-next-line no-restricted-properties -- the answer is sent, and what a mod left open is not to keep the process
  process.send?.(answer, () => process.exit(0));
}

function plainFault({ code, message, hint, exitCode, location }: DatapyError): DatapyErrorInput {
  return {
    code,
    message,
    exitCode,
    ...(hint === undefined ? {} : { hint }),
    ...(location === undefined ? {} : { location }),
  };
}
