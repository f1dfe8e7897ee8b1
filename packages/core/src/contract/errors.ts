/** What can go wrong, in every layer, door and backend (DESIGN.md, section 7). */
export const errorCodes = [
  'not_found',
  'already_exists',
  'is_directory',
  'not_directory',
  'not_empty',
  'precondition_failed',
  'permission_denied',
  'unauthenticated',
  'invalid_argument',
  'invalid_path',
  'invalid_config',
  'mount_not_found',
  'mount_collision',
  'read_only',
  'unsupported',
  'corrupt',
  'rate_limited',
  'no_space',
  'unavailable',
  'timeout',
  'busy',
  'outcome_unknown',
  'unexpected',
] as const

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number]

const brand = Symbol.for('nexus.error')

/** What an error knows besides its code. */
export interface ErrorDetails {
  /** The verb that failed: `read`, `write`, `mount` ... */
  readonly op?: string | undefined
  /** The path as this layer's caller wrote it. */
  readonly path?: string | undefined
  /** Scheme of the backend that refused. */
  readonly backend?: string | undefined
  /** Why, and what to do about it, as one or more sentences; the code's own sentence without it. */
  readonly reason?: string | undefined
  /** The provider's error, untouched; never contains a secret. */
  readonly cause?: unknown
  /** The provider's hint how long to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

const sentences = {
  not_found: 'No such file or directory.',
  already_exists: 'It exists already.',
  is_directory: 'It is a directory; a file was expected.',
  not_directory: 'It is a file; a directory was expected.',
  not_empty: 'The directory is not empty; pass recursive to delete what is in it.',
  precondition_failed: 'The file is not in the state that the condition asks for; read it again and repeat.',
  permission_denied: 'Permission denied.',
  unauthenticated: 'No valid credentials.',
  invalid_argument: 'An argument is not valid.',
  invalid_path: 'The path is not valid.',
  invalid_config: 'The configuration is not valid.',
  mount_not_found: 'Nothing is mounted there; listMounts() shows what is.',
  mount_collision: 'Something is mounted there already; choose another place with `at`.',
  read_only: 'The mount is read-only.',
  unsupported: 'The backend cannot do this.',
  corrupt: 'What is stored does not match its digest; run fsck.',
  rate_limited: 'The service asks to slow down.',
  no_space: 'The storage is full.',
  unavailable: 'The storage cannot be reached.',
  timeout: 'It took longer than allowed.',
  busy: 'It is in use; try again later.',
  outcome_unknown: 'The connection broke before the answer came: it may have happened or not.',
  unexpected: 'Something failed that should not.',
} satisfies Record<ErrorCode, string>

/**
 * The one error class of Nexus. `code` says what failed; test it with {@link isNexusError}, never with `instanceof`,
 * because several copies of this package may be loaded.
 */
export class NexusError extends Error {
  override readonly name: string = 'NexusError'
  readonly code: ErrorCode
  readonly op: string | undefined
  readonly path: string | undefined
  readonly backend: string | undefined
  /** The sentence without place and code, so that a layer can say it again for its own caller's path. */
  readonly reason: string
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const reason = details.reason ?? sentences[code]
    const place = [details.op, details.path].filter((part) => part !== undefined).join(' ')
    super(`${place === '' ? '' : `${place}: `}${reason} (${code})`, details.cause === undefined ? {} : { cause: details.cause })
    this.code = code
    this.op = details.op
    this.path = details.path
    this.backend = details.backend
    this.reason = reason
    this.retryAfterMs = details.retryAfterMs
    Object.defineProperty(this, brand, { value: true })
  }
}

/** No usable credentials for a service: code `unauthenticated`, `looked` lists each place and what was wrong there. */
export class CloudCredentialError extends NexusError {
  override readonly name: string = 'CloudCredentialError'
  readonly looked: readonly { readonly place: string; readonly problem: string }[]

  constructor(looked: CloudCredentialError['looked'], details: ErrorDetails = {}) {
    const list = looked.map(({ place, problem }) => `${place}: ${problem}`).join('; ')
    super('unauthenticated', { ...details, reason: details.reason ?? `No usable credentials. Looked at: ${list}.` })
    this.looked = looked
  }
}

/**
 * Whether `error` is a {@link NexusError}, of any copy of this package, and of `code` when one is given.
 * Reads the brand `Symbol.for('nexus.error')`.
 */
export function isNexusError<C extends ErrorCode = ErrorCode>(error: unknown, code?: C): error is NexusError & { code: C } {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false
  return code === undefined || ('code' in error && error.code === code)
}

/** The same failure told for another caller: place replaced, code, reason, cause and hint kept. */
export function relocateError(error: NexusError, place: { op?: string | undefined; path?: string | undefined; backend?: string | undefined }): NexusError {
  const details: ErrorDetails = {
    op: place.op ?? error.op,
    path: place.path ?? error.path,
    backend: place.backend ?? error.backend,
    reason: error.reason,
    cause: error.cause,
    retryAfterMs: error.retryAfterMs,
  }
  return isCredentialError(error) ? new CloudCredentialError(error.looked, details) : new NexusError(error.code, details)
}

/** By name and not by `instanceof`: it may be of another copy of this package. */
function isCredentialError(error: NexusError): error is CloudCredentialError {
  return error.name === 'CloudCredentialError' && 'looked' in error
}

/** Makes a forgotten case of a union a compile error, and a loud failure at run time. */
export function assertNever(value: never): never {
  throw new NexusError('unexpected', { reason: `A case was forgotten: ${JSON.stringify(value)}.` })
}
