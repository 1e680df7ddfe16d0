/** What codes of the file system mean, in words. */
export const fileFaults: Record<string, string> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "it is on a read-only file system",
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "it is a file, not a folder",
  EISDIR: "it is a folder",
  ENOSPC: "the disk is full",
  EMFILE: "this process has too many files open (ulimit -n)",
};

/** What an error of the file system means, in words. */
export function explainFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return fileFaults[code ?? ""] ?? message;
}
