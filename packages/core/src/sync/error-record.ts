import { CloudCredentialError, type ErrorCode, NexusError, errorCodes, isNexusError } from '../contract/errors.ts'

/** An error as it crosses between threads. */
export interface ErrorRecord {
  readonly code: ErrorCode
  readonly op?: string | undefined
  readonly path?: string | undefined
  readonly backend?: string | undefined
  readonly reason?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly looked?: CloudCredentialError['looked'] | undefined
  readonly cause?: CauseRecord | undefined
}

interface CauseRecord {
  readonly name: string
  readonly message: string
  readonly code?: string | undefined
  readonly stack?: string | undefined
}

/** What of an error survives the way to another thread; what is no `NexusError` becomes the cause of an `unexpected` one. */
export function toErrorRecord(error: unknown, op?: string): ErrorRecord {
  if (!isNexusError(error)) return { code: 'unexpected', op, reason: messageOf(error), cause: toCause(error) }
  const { code, path, backend, reason, retryAfterMs } = error
  const looked = 'looked' in error ? (error as CloudCredentialError).looked : undefined
  return { code, op: error.op, path, backend, reason, retryAfterMs, looked, cause: error.cause === undefined ? undefined : toCause(error.cause) }
}

/** The error again, thrown where its caller waits. */
export function fromErrorRecord(record: ErrorRecord): NexusError {
  const { code, looked, cause, ...details } = record
  const whole = { ...details, cause: cause === undefined ? undefined : fromCause(cause) }
  return looked === undefined ? new NexusError(errorCodes.includes(code) ? code : 'unexpected', whole) : new CloudCredentialError(looked, whole)
}

function toCause(cause: unknown): CauseRecord {
  if (!(cause instanceof Error)) return { name: 'Error', message: messageOf(cause) }
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  return { name: cause.name, message: cause.message, code, stack: cause.stack }
}

function fromCause({ message, stack, ...rest }: CauseRecord): Error {
  const cause = new Error(message)
  return Object.assign(cause, rest.code === undefined ? { name: rest.name } : rest, { stack: stack ?? cause.stack })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
