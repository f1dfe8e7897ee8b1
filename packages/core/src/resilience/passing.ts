import { type ErrorCode, isNexusError } from '../contract/errors.ts'

/** What a failed attempt says of another one. `refused`: nothing has happened, and again may pass. `unknown`: it may have happened, and again may pass. `final`: again would be the same. */
export type Outcome = 'refused' | 'unknown' | 'final'

const outcomes = {
  rate_limited: 'refused',
  busy: 'refused',
  unavailable: 'unknown',
  timeout: 'unknown',
  outcome_unknown: 'unknown',
  not_found: 'final',
  already_exists: 'final',
  is_directory: 'final',
  not_directory: 'final',
  not_empty: 'final',
  precondition_failed: 'final',
  permission_denied: 'final',
  unauthenticated: 'final',
  invalid_argument: 'final',
  invalid_path: 'final',
  invalid_config: 'final',
  mount_not_found: 'final',
  mount_collision: 'final',
  read_only: 'final',
  unsupported: 'final',
  corrupt: 'final',
  no_space: 'final',
  unexpected: 'final',
} satisfies Record<ErrorCode, Outcome>

/** What a failure says; `final` for what is no failure of ours. The only table of which codes pass. */
export function outcomeOf(error: unknown): Outcome {
  return isNexusError(error) ? outcomes[error.code] : 'final'
}

/** How long the provider asks to wait, in milliseconds; 0 where it does not. */
export function retryAfterOf(error: unknown): number {
  return isNexusError(error) ? (error.retryAfterMs ?? 0) : 0
}
