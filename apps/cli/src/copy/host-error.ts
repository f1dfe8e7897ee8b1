import { type ErrorCode, isNexusError, NexusError } from '@nexus/core/contract'

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not_found', EEXIST: 'already_exists', EISDIR: 'is_directory', ENOTDIR: 'not_directory', ENOTEMPTY: 'not_empty',
  EACCES: 'permission_denied', EPERM: 'permission_denied', EROFS: 'read_only', ENOSPC: 'no_space', EDQUOT: 'no_space',
  EMFILE: 'busy', ENFILE: 'busy', EBUSY: 'busy', ENAMETOOLONG: 'invalid_path', ELOOP: 'unsupported', EIO: 'unavailable',
}

/** A failure of this machine's filesystem as an error of ours; every other error stays what it is. */
export function toHostError(error: unknown, hostPath: string | Buffer, op = 'cp'): unknown {
  if (isNexusError(error) || !(error instanceof Error) || !('code' in error)) return error
  const code = codes[String(error.code)]
  const path = hostPath.toString()
  const reason = code === 'unsupported' ? 'It became a link while it was copied; links are not followed.' : undefined
  return new NexusError(code ?? 'unexpected', { op, path: `host:${path}`, reason: code === undefined ? error.message : reason, cause: error })
}

/** Whether something is not there any more: what vanishes after it was listed is no failure. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
