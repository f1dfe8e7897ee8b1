import { type ErrorCode, NexusError } from '@nexus/core/contract'
import type { Place } from './context.ts'

/** Whether a request may have changed something when nobody knows how it ended. */
export type Effect = 'none' | 'change'

/** What the service said of a failure, in either of its APIs. */
export interface Refusal {
  readonly status: number
  /** `errors[0].reason` in JSON, `Code` in XML; empty where the answer is neither. */
  readonly reason: string
  readonly message: string
  readonly retryAfterMs: number | undefined
}

/** `pending`: nobody knows whether it happened. */
const codes: Readonly<Record<number, ErrorCode | 'pending'>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'unavailable',
  405: 'unsupported',
  408: 'pending',
  409: 'busy',
  410: 'unavailable',
  411: 'invalid_argument',
  412: 'precondition_failed',
  413: 'invalid_argument',
  416: 'invalid_argument',
  429: 'rate_limited',
  501: 'unsupported',
}

/** 403 with one of these asks to slow down (https://cloud.google.com/storage/docs/json_api/v1/status-codes#403-forbidden). */
const quotaReasons = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded'])

/** What the service's answer means; the only place that knows its statuses. */
export function toNexusError(refusal: Refusal, place: Place, effect: Effect): NexusError {
  const { status, message, retryAfterMs } = refusal
  const code = codeOf(refusal, effect)
  return new NexusError(code, { op: place.op, path: place.key, backend: 'gcs', reason: reasonOf(code, status, message), retryAfterMs })
}

function codeOf(refusal: Refusal, effect: Effect): ErrorCode {
  const { status, reason } = refusal
  if (status >= 300 && status < 400) return 'unavailable'
  if (status === 403 && quotaReasons.has(reason)) return 'rate_limited'
  // The bytes were damaged on their way: nothing is stored, and the same again may pass.
  if (isChecksumRefusal(refusal)) return 'unavailable'
  const code = codes[status] ?? (status >= 500 ? 'pending' : 'unexpected')
  if (code !== 'pending') return code
  return effect === 'change' ? 'outcome_unknown' : 'unavailable'
}

/** What a reader needs besides the service's own words. */
const advice: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'The credentials are no longer valid; check them with `gcloud auth application-default print-access-token`, or mount with other ones.',
  permission_denied: 'Give the account a role such as Storage Object User on the bucket.',
  outcome_unknown: 'It may have happened or not; look before you repeat it.',
}

function reasonOf(code: ErrorCode, status: number, message: string): string | undefined {
  if (code === 'precondition_failed') return undefined
  const said = message === '' ? '' : `: ${message.replace(/\.$/, '')}`
  const more = advice[code]
  return `The service answered ${status}${said}.${more === undefined ? '' : ` ${more}`}`
}

/** Whether the bytes that arrived do not have the checksum that was sent with them. */
export function isChecksumRefusal({ status, message }: Refusal): boolean {
  return status === 400 && /CRC32C|MD5/.test(message)
}

/** Whether a 404 says that the object is absent, and not its bucket, nor a server that knows nothing of either. */
export function isObjectAbsent({ status, reason, message }: Refusal): boolean {
  if (status !== 404) return false
  if (reason === 'NoSuchKey' || message.startsWith('No such object')) return true
  return reason === 'notFound' && !/bucket/i.test(message)
}

/** Whether a 404 says that the bucket is absent. */
export function isBucketAbsent({ status, reason, message }: Refusal): boolean {
  return status === 404 && (reason === 'NoSuchBucket' || /bucket does not exist/i.test(message))
}

/** Failures before the first byte of a request left: nothing can have happened. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'])

/**
 * What a connection that failed means.
 * @throws the signal's reason when the caller gave up
 */
export function toTransportError(error: unknown, place: Place, { effect, signal }: { readonly effect: Effect; readonly signal?: AbortSignal | undefined }): NexusError {
  signal?.throwIfAborted()
  const cause = error instanceof Error ? error.cause : undefined
  const systemCode = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  const code = effect === 'change' && !neverSent.has(systemCode) ? 'outcome_unknown' : 'unavailable'
  const said = `The connection to the service failed${systemCode === '' ? '' : ` (${systemCode})`}.`
  const more = code === 'outcome_unknown' ? ' It may have happened or not; look before you repeat it.' : ''
  return new NexusError(code, { op: place.op, path: place.key, backend: 'gcs', cause: error, reason: `${said}${more}` })
}

/** An error of this backend's own finding. */
export function failure(code: ErrorCode, place: Place, reason?: string): NexusError {
  return new NexusError(code, { op: place.op, path: place.key, backend: 'gcs', reason })
}
