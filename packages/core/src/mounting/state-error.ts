import { type ErrorCode, isNexusError, NexusError } from '../contract/errors.ts'

const codes: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'permission_denied',
  EPERM: 'permission_denied',
  EROFS: 'permission_denied',
  ENOTDIR: 'invalid_config',
  EEXIST: 'invalid_config',
  ENOSPC: 'no_space',
  EDQUOT: 'no_space',
  EMFILE: 'busy',
  ENFILE: 'busy',
}

/** A failure of the platform in the state directory or in `~/.nexus`, as an error that says what to do. Other errors stay as they are. */
export function toStateError(error: unknown, directory: string): unknown {
  if (isNexusError(error) || !(error instanceof Error) || !('code' in error)) return error
  const code = String(error.code)
  const reason = `Nexus cannot use its directory ${directory} (${code}). Set NEXUS_FS_STATE_DIR to a directory that can be written, or pass ephemeral: true.`
  return new NexusError(codes[code] ?? (code.startsWith('SQLITE') ? 'permission_denied' : 'unexpected'), {
    op: 'mount',
    reason,
    cause: error,
  })
}
