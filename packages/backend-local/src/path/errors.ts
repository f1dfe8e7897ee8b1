import { type ErrorCode, isNexusError, NexusError, relocateError } from '@nexus/core/contract'

/** Where an error happened, for its message. */
export interface ErrorPlace {
  readonly op: string
  readonly path?: string | undefined
}

interface Meaning {
  readonly code: ErrorCode
  readonly reason?: string
}

/** What errno(3) says, told as Nexus' codes; the names are POSIX' and Linux'. */
const meanings: Readonly<Record<string, Meaning>> = {
  ENOENT: { code: 'not_found' },
  EEXIST: { code: 'already_exists' },
  EISDIR: { code: 'is_directory' },
  ENOTDIR: { code: 'not_directory' },
  ENOTEMPTY: { code: 'not_empty' },
  EACCES: { code: 'permission_denied', reason: 'The operating system denies access; check owner and permissions of the file and of the directories above it.' },
  EPERM: { code: 'permission_denied', reason: 'The operating system does not permit this; the file may be immutable or belong to someone else.' },
  ENOSPC: { code: 'no_space', reason: 'The disk is full; free some space and try again.' },
  EDQUOT: { code: 'no_space', reason: 'The disk quota is used up; free some space or ask for more.' },
  EFBIG: { code: 'no_space', reason: 'The file would be larger than the filesystem or the process limit allows.' },
  EROFS: { code: 'read_only', reason: 'The filesystem is mounted read-only by the operating system.' },
  EMFILE: { code: 'busy', reason: 'This process has too many open files; close some, or raise the limit (ulimit -n).' },
  ENFILE: { code: 'busy', reason: 'The machine has too many open files; try again later.' },
  EBUSY: { code: 'busy', reason: 'The operating system uses it, for example as a mount point.' },
  ETXTBSY: { code: 'busy', reason: 'The file is a program that is running.' },
  EAGAIN: { code: 'busy' },
  ENOMEM: { code: 'busy', reason: 'The operating system has no memory left for this.' },
  EIO: { code: 'unavailable', reason: 'The disk reports an input/output error; look at the system log before you trust it again.' },
  ESTALE: { code: 'unavailable', reason: 'The network filesystem has lost the file; mount it again.' },
  ENODEV: { code: 'unavailable' },
  ENXIO: { code: 'unsupported', reason: 'It is a device, FIFO or socket; Nexus reads and writes regular files only.' },
  ELOOP: { code: 'unsupported', reason: 'It is a symbolic link, and links are never followed.' },
  EXDEV: { code: 'unsupported', reason: 'Source and target lie on different filesystems; copy it and delete the source.' },
  EOPNOTSUPP: { code: 'unsupported', reason: 'The filesystem cannot do this.' },
  ENOTSUP: { code: 'unsupported', reason: 'The filesystem cannot do this.' },
  ENOSYS: { code: 'unsupported', reason: 'The filesystem cannot do this.' },
  EMLINK: { code: 'unsupported', reason: 'The file has as many hard links as the filesystem allows.' },
  EINVAL: { code: 'invalid_argument' },
  ENAMETOOLONG: { code: 'invalid_path', reason: 'The name is longer than this filesystem allows.' },
  EILSEQ: { code: 'invalid_path', reason: 'This filesystem cannot hold the bytes of the name.' },
}

/** The errno name of what `node:fs` threw, `undefined` for everything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** What was thrown below this backend, as a NexusError that names the caller's path; the cause is kept. */
export function toNexusError(error: unknown, place: ErrorPlace): NexusError {
  if (isNexusError(error)) return relocateError(error, { op: place.op, path: error.path ?? place.path, backend: 'local' })
  const meaning = meanings[errnoOf(error) ?? ''] ?? { code: 'unexpected', reason: `It failed with: ${error instanceof Error ? error.message : String(error)}.` }
  return new NexusError(meaning.code, { ...place, backend: 'local', reason: meaning.reason, cause: error })
}
