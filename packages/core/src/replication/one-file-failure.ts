import { type ErrorCode, isNexusError, type NexusError } from '../contract/errors.ts'

/** Whether the next file may fare better. What concerns the storage as a whole ends the work. */
const concernsOneFile = {
  not_found: true,
  already_exists: true,
  is_directory: true,
  not_directory: true,
  not_empty: true,
  precondition_failed: true,
  permission_denied: true,
  unauthenticated: false,
  invalid_argument: true,
  invalid_path: true,
  invalid_config: false,
  mount_not_found: false,
  mount_collision: false,
  read_only: false,
  unsupported: true,
  corrupt: true,
  rate_limited: false,
  no_space: false,
  unavailable: false,
  timeout: false,
  busy: true,
  outcome_unknown: true,
  unexpected: false,
} satisfies Record<ErrorCode, boolean>

/** Whether a failure is one of a single file, so that the work on the others goes on. */
export function isOneFileFailure(error: unknown): error is NexusError {
  return isNexusError(error) && concernsOneFile[error.code]
}
