import { lstat, mkdir, realpath } from "node:fs/promises";
import path from "node:path";
import { storageFault } from "./object-storage-errors.js";

/**
 * Makes the folder in which a file is to stand, step by step below `root`, and gives the file's path. A symbolic link on the way that leads
 * out of `root` is refused: `S3_KEY_UNSAFE`. So is a file where a folder is needed: `S3_FILE`.
 */
export async function makeTarget(root: string, steps: readonly string[]): Promise<string> {
  const top = await realpath(root);
  let folder = top;
  for (const step of steps.slice(0, -1)) {
    const next = path.join(folder, step);
    const stat = await lstat(next).catch(() => undefined);
    if (stat === undefined) await mkdir(next, { recursive: true });
    else if (stat.isSymbolicLink()) await requireInside(top, next, steps);
    else if (!stat.isDirectory())
      throw storageFault("S3_FILE", { file: next, reason: "a file stands where a folder is needed" });
    folder = next;
  }
  const target = path.join(folder, steps.at(-1) ?? "");
  const there = await lstat(target).catch(() => undefined);
  if (there?.isDirectory() === true)
    throw storageFault("S3_FILE", { file: target, reason: "a folder stands where the file is to be" });
  return target;
}

async function requireInside(top: string, link: string, steps: readonly string[]): Promise<void> {
  const real = await realpath(link);
  const inside = path.relative(top, real);
  if (inside !== ".." && !inside.startsWith(`..${path.sep}`) && !path.isAbsolute(inside)) return;
  throw storageFault("S3_KEY_UNSAFE", {
    key: JSON.stringify(steps.join("/")),
    reason: `${link} is a link that leads out of the folder, to ${real}`,
  });
}
