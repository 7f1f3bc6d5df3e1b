import path from "node:path";
import { openArtifactFolder } from "../artifacts/artifact-folder.js";
import type { ArtifactFolder } from "../artifacts/artifact-folder.js";
import { createArtifactStore } from "../artifacts/artifact-store.js";
import { openRunData } from "../data/run-data.js";
import { runHistory } from "../ledger/run-history.js";
import { createResultBuilder } from "../result/result-builder.js";
import { openState } from "../state/state-store.js";
import type { RunState } from "../state/state-store.js";
import type { DatasetUse, ModContext, ModDefinition } from "@datapy/mod-kit";
import type { Run } from "./run-types.js";

/** What a run works with. */
export interface RunContext {
  /** What the mod gets. */
  readonly context: ModContext;
  readonly artifacts: ArtifactFolder;
  readonly state: RunState;
  /** What the mod says that it reads and writes, beside parameters and artifacts. */
  readonly datasets: () => readonly DatasetUse[];
  /** Drops tables, connection and temporary files of the run. A second call waits for the first. */
  close(): Promise<void>;
}

/** Makes the context of a run. Opens nothing: DuckDB, folders and bookmarks wait for their first use. */
export function openRunContext(run: Run, definition: ModDefinition): RunContext {
  const { session, deadline } = run;
  const { signal } = deadline;
  const datasets = new Map<string, DatasetUse>();
  const result = createResultBuilder({
    mod: run.mod,
    sessionId: session.id,
    logFile: session.log.file,
    runId: run.id,
    cwd: session.dataFolder,
    onDataset: (dataset) => datasets.set(`${dataset.role} ${dataset.uri}`, dataset),
    onNote: (message) => session.log.lifecycle("warn", message, { mod: run.mod, run_id: run.id }),
  });
  const artifacts = openArtifactFolder({
    mod: run.mod,
    declared: definition.artifacts,
    folder: path.join(session.workPath, "artifacts", session.id, folderOf(run)),
    temporary: path.join(session.temporary.path, run.id),
    onAdd: ({ key, uri }) => result.addArtifact(key, uri),
  });
  const { sampleRows } = session.options;
  const data = openRunData({
    engine: session.engine,
    signal,
    artifacts,
    isReadOnly: session.readsOnly,
    sampleRows: definition.metadata.category === "source" ? sampleRows : undefined,
  });
  const state = openState({
    workPath: session.workPath,
    project: session.configuration?.project?.name,
    mod: run.mod,
    unkept: run.scope?.bookmarks(run.mod),
  });
  let closing: Promise<void> | undefined;
  return {
    artifacts,
    state,
    datasets: () => [...datasets.values()],
    context: {
      runId: run.id,
      sessionId: session.id,
      sampleRows,
      log: session.log.logger({ mod: run.mod, run_id: run.id }),
      result,
      data: data.context,
      artifacts: createArtifactStore(artifacts, signal),
      state: state.store,
      history: (options) =>
        runHistory(session.workPath, {
          ...options,
          mod: run.mod,
          step: run.step.stepId,
          project: session.configuration?.project?.name,
          except: run.id,
        }),
      globals: deepFreeze(structuredClone(globalsOf(run))),
      signal,
      progress: (done, total, unit = "rows") =>
        session.emit({ kind: "progress", runId: run.id, mod: run.mod, done, total, unit }),
      fetch: (input, init) => {
        const own = init?.signal ?? (input instanceof Request ? input.signal : undefined);
        return fetch(input, { ...init, signal: own == null ? signal : AbortSignal.any([signal, own]) });
      },
    },
    close: () => (closing ??= data.close().then(() => artifacts.close())),
  };
}

/** One folder a run of a job: `load`, `load.2` for an item, `reports.load` for a step of a sub-job. */
function folderOf({ step, id }: Run): string {
  return encodeURIComponent((step.folder ?? step.path ?? step.stepId ?? id).replace(/\[(\d+)\]/g, ".$1"));
}

function globalsOf({ session, scope }: Run): Readonly<Record<string, unknown>> {
  return scope === undefined ? session.globals : { ...scope.configuration.globals, ...scope.added };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
