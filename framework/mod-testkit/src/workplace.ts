import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Envelope, ModDefinition } from "@datapy/mod-kit";
import { openSession, runStep } from "@datapy/sdk";

/** One run that a suite makes. */
export interface WorkplaceRun {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  /** Last eight hexadecimal digits of the run id, so that a run can be made again as itself. */
  readonly runSuffix?: string;
  /** Default {@link Workplace.workPath}. */
  readonly workPath?: string;
}

/** A temporary folder with a work path of its own, in which mods are run over the road that every run takes. */
export interface Workplace {
  readonly folder: string;
  readonly workPath: string;
  /** Runs a definition, or a mod by reference, in a session of its own. */
  run(mod: ModDefinition | string, run?: WorkplaceRun): Promise<Envelope>;
  close(): void;
}

/** Opens one. */
export function openWorkplace(): Workplace {
  const folder = mkdtempSync(path.join(os.tmpdir(), "datapy-testkit-"));
  const workPath = path.join(folder, "work");
  return {
    folder,
    workPath,
    run: (mod, run = {}) => runIn(folder, workPath, mod, run),
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

async function runIn(
  folder: string,
  workPath: string,
  mod: ModDefinition | string,
  run: WorkplaceRun,
): Promise<Envelope> {
  const session = await openSession({
    name: "testkit",
    cwd: folder,
    globals: { work_path: run.workPath ?? workPath, log_level: "error" },
    progress: false,
  });
  // What a mod logs on its way to an error that is expected is no news.
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  stderr.write = swallow;
  let envelope: Envelope | undefined;
  try {
    envelope = await runStep(
      session,
      { mod: typeof mod === "string" ? mod : mod.metadata.name, params: run.params ?? {} },
      {
        definition: typeof mod === "string" ? undefined : mod,
        signal: run.signal,
        runSuffix: run.runSuffix,
      },
    );
    return envelope;
  } finally {
    await session.close(envelope?.status === "error" ? envelope.exit_code : 0);
    stderr.write = write;
  }
}

/** `process.stderr.write` that writes nothing. */
const swallow = ((_chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
  const callback = typeof encoding === "function" ? encoding : done;
  if (typeof callback === "function") (callback as () => void)();
  return true;
}) as typeof process.stderr.write;
