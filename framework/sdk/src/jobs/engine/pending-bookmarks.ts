import { keepState } from "../../state/state-store.js";
import type { Session } from "../../runner/session-types.js";
import type { BookmarkChanges } from "./engine-types.js";

/**
 * Bookmarks that steps have set. They are kept when all that comes after the step has been done: a source that has moved its watermark
 * while what it read was never loaded would lose those rows.
 */
export interface PendingBookmarks {
  /** All that is set so far, by mod: what later runs of the mod see. */
  seen(): Readonly<Record<string, BookmarkChanges>>;
  set(path: string, mod: string, changes: BookmarkChanges): void;
  /** Forgets what a step, its items and the steps of its job set: what needed it was not done. */
  drop(path: string): void;
  keepAll(session: Session): Promise<void>;
}

/** Begins with none. */
export function pendingBookmarks(): PendingBookmarks {
  const pending = new Map<string, { readonly mod: string; readonly changes: BookmarkChanges }>();
  return {
    seen() {
      const seen: Record<string, (readonly [string, string | null])[]> = {};
      for (const { mod, changes } of pending.values()) (seen[mod] ??= []).push(...changes);
      return seen;
    },
    set(path, mod, changes) {
      if (changes.length > 0) pending.set(path, { mod, changes });
    },
    drop(path) {
      for (const one of pending.keys())
        if (one === path || one.startsWith(`${path}[`) || one.startsWith(`${path}.`)) pending.delete(one);
    },
    async keepAll(session) {
      for (const { mod, changes } of pending.values()) {
        await keepState(
          { workPath: session.workPath, project: session.configuration?.project?.name, mod },
          new Map(changes.map(([key, value]) => [key, value ?? undefined])),
        );
      }
      pending.clear();
    },
  };
}
