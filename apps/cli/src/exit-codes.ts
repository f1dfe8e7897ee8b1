import { type ErrorCode, isNexusError } from '@nexus/core/contract'
import { BrokenPipe, Findings, Interrupted, UsageError } from './outcomes.ts'

/** What this process ends with for each kind of failure. Never renumbered: scripts depend on it. */
export const exitCodes: Readonly<Record<ErrorCode, number>> = {
  not_found: 10,
  already_exists: 11,
  is_directory: 12,
  not_directory: 13,
  not_empty: 14,
  precondition_failed: 15,
  permission_denied: 16,
  unauthenticated: 17,
  invalid_argument: 18,
  invalid_path: 19,
  invalid_config: 20,
  mount_not_found: 21,
  mount_collision: 22,
  read_only: 23,
  unsupported: 24,
  corrupt: 25,
  rate_limited: 26,
  no_space: 27,
  unavailable: 28,
  timeout: 29,
  busy: 30,
  outcome_unknown: 31,
  unexpected: 32,
}

/** What is no {@link ErrorCode}, with its sentence for `help exit-codes`. */
export const otherExitCodes: Readonly<Record<'success' | 'findings' | 'usage' | 'interrupted' | 'broken_pipe', { readonly code: number; readonly sentence: string }>> = {
  success: { code: 0, sentence: 'It did what was asked.' },
  findings: { code: 1, sentence: 'It ran, and the answer is no: nothing matched, or a check found something.' },
  usage: { code: 2, sentence: 'The command line was not understood.' },
  interrupted: { code: 130, sentence: 'Ctrl-C (SIGINT) ended it; SIGTERM gives 143.' },
  broken_pipe: { code: 141, sentence: 'Who read the output stopped reading; nothing is printed about it.' },
}

/** The exit code that stands for what was thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode
  if (error instanceof BrokenPipe) return otherExitCodes.broken_pipe.code
  if (error instanceof UsageError) return otherExitCodes.usage.code
  if (error instanceof Findings) return otherExitCodes.findings.code
  return isNexusError(error) ? exitCodes[error.code] : exitCodes.unexpected
}
