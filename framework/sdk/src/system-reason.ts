const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user has no right to it",
  EBUSY: "another program is using it",
  EDQUOT: "the disk quota is used up",
  EEXIST: "there is something of that name already",
  EFBIG: "it would be larger than a file may be here",
  EIO: "the disk reports a fault",
  EISDIR: "it is a folder",
  ELOOP: "its links lead round in a circle",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "its name is too long",
  ENFILE: "too many files are open",
  ENOENT: "there is no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is a file, not a folder",
  ENOTEMPTY: "the folder is not empty",
  EPERM: "this user has no right to it",
  EROFS: "the file system can only be read",
  ETXTBSY: "another program is using it",
};

/**
 * Why a file could not be used, in words that stand behind its name. Node's own text names the system call, and often a temporary file
 * that nobody knows of.
 */
export function systemReason(error: unknown): string {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const known = typeof code === "string" && Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return known ?? (typeof message === "string" ? message : String(error));
}
