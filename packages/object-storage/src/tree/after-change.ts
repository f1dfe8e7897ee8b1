import { type CallOptions, isNexusError, NexusError } from '@nexus/core/contract'

/**
 * A failure behind a change that has happened: told as `outcome_unknown`, because most codes say that nothing did. A condition that failed and an abort
 * stay what they are.
 * @param happened What is so by now, as the beginning of a sentence that goes on with why the rest failed.
 */
export function afterChange(error: unknown, happened: string, { signal }: CallOptions): unknown {
  if (signal?.aborted === true || !isNexusError(error) || error.code === 'precondition_failed') return error
  return new NexusError('outcome_unknown', { reason: `${happened}, because that failed: ${error.reason}`, cause: error, retryAfterMs: error.retryAfterMs })
}
