/** Files beyond 2 GiB are not read into memory; Node says so without naming a system call. */
const TOO_LARGE = 'ERR_FS_FILE_TOO_LARGE';

/** What the operating system says of a file or a connection: it tells the user enough in one line. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return false;
  return 'syscall' in error || error.code === TOO_LARGE;
}
