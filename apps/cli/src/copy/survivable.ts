import { type ErrorCode, isNexusError } from '@nexus/core/contract'
import type { CopyCounts } from './copy-counts.ts'

/** Whether the next file may fare better. What concerns the storage as a whole ends the copy. */
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
  unsupported: false,
  corrupt: true,
  rate_limited: false,
  no_space: false,
  unavailable: false,
  timeout: false,
  busy: false,
  outcome_unknown: false,
  unexpected: false,
} satisfies Record<ErrorCode, boolean>

const maxTold = 20

/** Writes down the failure of one file, so that the others are copied; throws what concerns all of them. */
export function surviveFailure(counts: Pick<CopyCounts, 'failures' | 'told'>, error: unknown): void {
  if (!isNexusError(error) || !concernsOneFile[error.code]) throw error
  counts.failures++
  if (counts.told.length < maxTold) counts.told.push(error)
}
