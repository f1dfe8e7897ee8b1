import { type ErrorCode, isNexusError, NexusError } from '@nexus/core/contract'
import { systemCode } from './files.ts'

/** errno(3) names that a disk gives, and what they mean for a repository. */
const codes: Readonly<Record<string, { readonly code: ErrorCode; readonly reason: string }>> = {
  ENOENT: { code: 'not_found', reason: 'There is no such file in the repository.' },
  ENOSPC: { code: 'no_space', reason: 'The disk is full; nothing was committed. Free some space and repeat.' },
  EDQUOT: { code: 'no_space', reason: 'The disk quota is used up; nothing was committed. Free some space and repeat.' },
  EFBIG: { code: 'no_space', reason: 'The file would be larger than the file system or a limit of the process allows.' },
  EACCES: { code: 'permission_denied', reason: 'This process may not use the file; check owner and mode of the repository directory.' },
  EPERM: { code: 'permission_denied', reason: 'This process may not use the file; check owner and mode of the repository directory.' },
  EROFS: { code: 'read_only', reason: 'The file system is mounted read-only.' },
  EIO: { code: 'unavailable', reason: 'The disk reported an error; see the system log and check the disk.' },
  EMFILE: { code: 'unavailable', reason: 'This process has too many open files; raise the limit (ulimit -n) or close some.' },
  ENFILE: { code: 'unavailable', reason: 'The machine has too many open files.' },
  ENOTDIR: { code: 'not_directory', reason: 'A file stands where the repository needs a directory.' },
  ELOOP: { code: 'corrupt', reason: 'A symbolic link stands where the repository keeps a file.' },
}

/** What the disk said, as a `NexusError`; one that is one already stays as it is. */
export function toNexusError(error: unknown, op: string, path: string): NexusError {
  if (isNexusError(error)) return error
  const name = systemCode(error)
  const known = name === undefined ? undefined : codes[name]
  return new NexusError(known?.code ?? 'unexpected', { op, path, backend: 'local', cause: error, reason: known?.reason })
}

/** Damage that no automatic step may touch. */
export function corrupt(path: string, reason: string, cause?: unknown): NexusError {
  return new NexusError('corrupt', { op: 'journal', path, backend: 'local', cause, reason: `${reason} Nothing was changed; run fsck.` })
}
