import type { ArtifactStore, FileArtifact } from "@datapy/mod-kit";
import { fault } from "../errors.js";
import type { ArtifactFolder } from "./artifact-folder.js";

/** `ctx.artifacts`: files that a mod writes itself. */
export function createArtifactStore(artifacts: ArtifactFolder, signal: AbortSignal): ArtifactStore {
  return {
    async createFile(key, extension) {
      signal.throwIfAborted();
      if (!/^(?:\.[A-Za-z0-9_-]+)*$/.test(extension)) {
        throw fault("DATAPY_FILE_FAILED", {
          path: JSON.stringify(extension),
          detail: "an extension is written with its dot, such as .html",
        });
      }
      const file = await artifacts.create(key, "file", extension);
      return {
        path: file.path,
        async commit(): Promise<FileArtifact> {
          signal.throwIfAborted();
          const bytes = await file.sync();
          return artifacts.add({ kind: "file", key, uri: await file.publish(), bytes });
        },
        discard: () => file.discard(),
      };
    },
  };
}
