import { CloudCredentialError, type ErrorCode, isNexusError, NexusError } from '@nexus/core/contract'

/** Where a request failed. */
export interface Place {
  readonly op: string
  /** The key; for what concerns the bucket its URI. */
  readonly path: string
  readonly signal?: AbortSignal | undefined
}

interface Meaning {
  readonly code: ErrorCode
  readonly reason: string
}

const credentials: Meaning = { code: 'unauthenticated', reason: 'S3 does not take these credentials; `nexus-fs doctor` shows where they come from.' }
const slow: Meaning = { code: 'rate_limited', reason: 'S3 asks to slow down.' }
const region: Meaning = { code: 'invalid_config', reason: 'The bucket is in another region; name it with region.' }
const missing: Meaning = { code: 'unavailable', reason: 'The bucket does not exist at this endpoint; check its name and the endpoint.' }
const damaged: Meaning = { code: 'unavailable', reason: 'The bytes did not arrive as they were sent; nothing was stored. Repeat it.' }
const archived: Meaning = { code: 'unsupported', reason: 'The object is archived; restore it first.' }
const unknownToService: Meaning = { code: 'unsupported', reason: 'The service does not know this request.' }
const invalid: Meaning = { code: 'invalid_argument', reason: 'S3 refuses the request.' }

/** S3's codes (Amazon S3 API reference, "Error responses"), and those that radosgw and MinIO add. */
const meanings: Readonly<Record<string, Meaning>> = {
  AccessDenied: { code: 'permission_denied', reason: 'S3 denies access; the credentials lack a permission, or a policy of the bucket forbids it.' },
  AccountProblem: { code: 'permission_denied', reason: 'There is a problem with the AWS account.' },
  AllAccessDisabled: { code: 'permission_denied', reason: 'All access to the bucket is turned off.' },
  AuthorizationHeaderMalformed: region,
  BadDigest: damaged,
  BucketRegionError: region,
  ConditionalRequestConflict: { code: 'busy', reason: 'Another writer changed the object at the same moment; nothing was stored.' },
  EntityTooLarge: { code: 'invalid_argument', reason: 'It is larger than S3 takes.' },
  ExpiredToken: { code: 'unauthenticated', reason: 'The temporary credentials have ended; renew them.' },
  IllegalLocationConstraintException: region,
  IncompleteBody: damaged,
  InternalError: { code: 'unavailable', reason: 'S3 failed within itself.' },
  InvalidAccessKeyId: credentials,
  InvalidArgument: invalid,
  InvalidDigest: damaged,
  InvalidObjectState: archived,
  InvalidRequest: invalid,
  InvalidToken: credentials,
  InvalidURI: invalid,
  KeyTooLongError: { code: 'invalid_argument', reason: 'A key has at most 1,024 bytes; choose a shorter path.' },
  MetadataTooLarge: { code: 'invalid_argument', reason: 'S3 keeps at most 2 KB of attributes with an object; this is more.' },
  MethodNotAllowed: { code: 'permission_denied', reason: 'S3 does not allow this on the object, or the version is a deletion.' },
  NoSuchBucket: missing,
  NotImplemented: unknownToService,
  NotSignedUp: credentials,
  OperationAborted: { code: 'busy', reason: 'Another operation on the same object or bucket is under way.' },
  PermanentRedirect: region,
  PreconditionFailed: { code: 'precondition_failed', reason: 'The object is not in the state that the condition asks for.' },
  QuotaExceeded: { code: 'no_space', reason: 'The quota is used up.' },
  Redirect: region,
  RequestTimeout: { code: 'unavailable', reason: 'S3 waited too long for the request.' },
  RequestTimeTooSkewed: { code: 'unavailable', reason: 'The clocks of this machine and of S3 differ by more than 15 minutes; set the clock. The next attempt is signed with the time of S3.' },
  ServiceUnavailable: { code: 'unavailable', reason: 'S3 cannot answer now.' },
  SignatureDoesNotMatch: { code: 'unauthenticated', reason: 'The signature does not match: the secret key is wrong, or something between here and S3 changes requests.' },
  SlowDown: slow,
  TemporaryRedirect: { code: 'unavailable', reason: 'S3 sends the request to another host for now.' },
  ThrottlingException: slow,
  TooManyRequests: slow,
  UnauthorizedAccess: credentials,
  XAmzContentChecksumMismatch: damaged,
  XAmzContentSHA256Mismatch: damaged,
  XMinioServerNotInitialized: { code: 'unavailable', reason: 'The server is starting.' },
  XMinioStorageFull: { code: 'no_space', reason: 'The storage is full.' },
}

/** Where the answer has no document, as to HEAD, or one that no list has. */
const statuses: Readonly<Record<number, Meaning>> = {
  301: region,
  307: meanings['TemporaryRedirect'] ?? missing,
  400: invalid,
  401: credentials,
  403: meanings['AccessDenied'] ?? credentials,
  404: { code: 'not_found', reason: 'S3 has nothing of that name.' },
  405: unknownToService,
  409: meanings['OperationAborted'] ?? slow,
  412: meanings['PreconditionFailed'] ?? invalid,
  413: meanings['EntityTooLarge'] ?? invalid,
  429: slow,
  501: unknownToService,
  507: { code: 'no_space', reason: 'The storage is full.' },
}

const noneLeft: Meaning = { code: 'unauthenticated', reason: 'The source of the credentials gives none any more; renew them, for example by logging in again.' }

/** Failures of the SDK's sources of credentials, which are asked before anything is sent. */
const sources: Readonly<Record<string, Meaning>> = {
  CredentialsProviderError: noneLeft,
  TokenProviderError: noneLeft,
  ProviderError: { code: 'unavailable', reason: 'The metadata service of this machine gives no credentials now.' },
}

/** What never left this machine, so that nothing can have happened. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'])

/** What the SDK's errors hold, as far as they hold it. */
interface SdkFailure {
  readonly name: string
  readonly message: string
  readonly status: number | undefined
  readonly systemCode: string | undefined
  /** The SDK has just learnt from the answer's `Date` how far the clocks differ: without a document nothing else tells why it was refused. */
  readonly isSkewed: boolean
  readonly headers: Readonly<Record<string, string>>
}

/** The name of S3's error, or `undefined` for what is none. */
export function s3CodeOf(error: unknown): string | undefined {
  const failure = readFailure(error)
  return failure?.status === undefined ? undefined : failure.name
}

/** The status of the answer, or `undefined` where none came. */
export function statusOf(error: unknown): number | undefined {
  return readFailure(error)?.status
}

/**
 * The failure of a request in Nexus' words. An aborted call gives the signal's reason.
 * @param options `mayHaveHappened`: the request changes something, so that a lost answer leaves open whether it did
 */
export function toNexusError(error: unknown, place: Place, options: { readonly mayHaveHappened?: boolean | undefined } = {}): unknown {
  if (place.signal?.aborted === true) return place.signal.reason
  if (isNexusError(error)) return error
  const failure = readFailure(error)
  if (failure === undefined) return error
  const { code, reason } = meaningOf(failure, options.mayHaveHappened === true)
  const details = { op: place.op, path: place.path, backend: 's3', cause: error, retryAfterMs: retryAfterOf(failure) }
  const told = `${reason}${detailOf(failure)}`
  return code === 'unauthenticated' ? new CloudCredentialError([{ place: failure.status === undefined ? 'their source' : 'S3', problem: told }], { ...details, reason: told }) : new NexusError(code, { ...details, reason: told })
}

function meaningOf(failure: SdkFailure, mayHaveHappened: boolean): Meaning {
  const { name, status, isSkewed } = failure
  if (status === undefined) return sources[name] ?? meaningOfConnection(failure, mayHaveHappened)
  if (status === 403 && isSkewed) return meanings['RequestTimeTooSkewed'] ?? slow
  const known = meanings[name] ?? statuses[status] ?? (status >= 500 ? meanings['InternalError'] : undefined) ?? { code: 'unexpected', reason: 'S3 answered what nobody expects.' }
  // A request that was refused did not happen; one that S3 failed at may have.
  if (mayHaveHappened && status >= 500 && known.code === 'unavailable') return { code: 'outcome_unknown', reason: `${known.reason} It may have happened or not.` }
  return known
}

function meaningOfConnection({ name, message, systemCode: code = name }: SdkFailure, mayHaveHappened: boolean): Meaning {
  if (neverSent.has(code) || message.includes('did not establish a connection')) return { code: 'unavailable', reason: 'S3 cannot be reached; check the network and the endpoint.' }
  if (mayHaveHappened) return { code: 'outcome_unknown', reason: 'The connection broke before the answer came: it may have happened or not.' }
  return code === 'TimeoutError' || code === 'ETIMEDOUT' ? { code: 'timeout', reason: 'Nothing came from S3 for too long.' } : { code: 'unavailable', reason: 'The connection to S3 broke.' }
}

/** Whose region it is, and what S3 itself said. */
function detailOf({ name, message, status, systemCode, headers }: SdkFailure): string {
  const bucketRegion = headers['x-amz-bucket-region']
  const where = bucketRegion === undefined || status === undefined || status >= 500 ? '' : ` The bucket is in ${bucketRegion}.`
  const more = message === '' || message === name ? '' : `: ${message.split('\n')[0] ?? ''}`
  const said = status !== undefined ? `${name}, status ${status}${more}` : name in sources ? `${name}${more}` : (systemCode ?? name)
  return `${where} (${said.slice(0, 300)})`
}

function retryAfterOf({ headers }: SdkFailure): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}

function readFailure(error: unknown): SdkFailure | undefined {
  if (!(error instanceof Error)) return undefined
  const { $metadata, $response, code } = error as Error & { $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean }; $response?: { headers?: Record<string, string>; statusCode?: number }; code?: unknown }
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  return { name: error.name, message: error.message, status, systemCode: typeof code === 'string' ? code : undefined, isSkewed: $metadata?.clockSkewCorrected === true, headers: $response?.headers ?? {} }
}
