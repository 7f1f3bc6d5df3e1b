import path from "node:path";

/** Folder of the jobs of all sessions. */
export function jobsFolder(workPath: string): string {
  return path.join(workPath, "jobs");
}

/** Folder of what is kept of a session's job. */
export function jobFolder(workPath: string, sessionId: string): string {
  return path.join(jobsFolder(workPath), sessionId);
}
