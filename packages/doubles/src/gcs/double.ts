import { type HttpDouble, startHttpDouble } from '../http/double.ts'
import type { GcsBucket, GcsState } from './model.ts'
import { answerGcs } from './router.ts'
import { matchRoute } from './routes.ts'
import { giveToken } from './tokens.ts'

/** How a double begins. */
export interface GcsDoubleOptions {
  /** Names of its buckets; default `bucket`. */
  readonly buckets?: readonly string[] | undefined
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: (() => number) | undefined
  /** Items and prefixes a page of a listing at most; default 1,000. */
  readonly pageSize?: number | undefined
  /** Bytes that one rewrite call copies; default 1 MiB. */
  readonly rewriteBytes?: number | undefined
  /** Default 3,600. */
  readonly tokenLifetimeSeconds?: number | undefined
  /** Takes checksums as they come, and everybody as known: for measurements of clients, which must not become measurements of the double. Default false. */
  readonly believes?: boolean | undefined
}

/** A running double of Google Cloud Storage, its token endpoint and the metadata server of Compute Engine. */
export interface GcsDouble extends HttpDouble {
  /** Settings and content of a bucket. */
  bucket(name?: string): GcsBucket
  /** A token that is valid from now on. */
  giveToken(lifetimeSeconds?: number): string
  /** Makes all tokens invalid that were given. */
  revokeTokens(): void
  /** Of the next non-final chunk of a resumable upload only so many bytes persist; several calls queue up. */
  persistOnly(bytes: number): void
  /** Resumable uploads that were begun and neither finished nor cancelled. */
  openUploads(): number
  /** The platform's `fetch`, with Google's own hosts led to the double; every other host is refused. */
  readonly fetch: typeof globalThis.fetch
}

const googleHosts = ['oauth2.googleapis.com', 'storage.googleapis.com', 'metadata.google.internal']

/** Starts a strict double: what the published reference does not allow it refuses, and what a test scripts goes wrong. */
export async function startGcsDouble(options: GcsDoubleOptions = {}): Promise<GcsDouble> {
  const state = createState(options)
  const http = await startHttpDouble({ handle: (request) => answerGcs(state, request), kindOf: (request) => matchRoute(request).kind })
  return {
    url: http.url,
    faults: http.faults,
    requests: http.requests,
    close: () => http.close(),
    bucket: (name = 'bucket') => bucketOf(state, name),
    giveToken: (lifetimeSeconds) => giveToken(state, lifetimeSeconds),
    revokeTokens: () => {
      state.tokens.clear()
    },
    persistOnly: (bytes) => void state.persistLimits.push(bytes),
    openUploads: () => [...state.uploads.values()].filter((session) => session.finished === undefined && !session.isCancelled).length,
    fetch: (input, init) => fetch(redirected(input, http.url), init),
  }
}

function createState(options: GcsDoubleOptions): GcsState {
  const names = options.buckets ?? ['bucket']
  return {
    buckets: new Map(names.map((name) => [name, { name, versioning: false, lifecycleRules: [], isPublic: false, deniedPrefixes: [], hidesMetadata: false, objects: new Map() }])),
    uploads: new Map(),
    rewrites: new Map(),
    tokens: new Map(),
    now: options.now ?? Date.now,
    pageSize: options.pageSize ?? 1000,
    rewriteBytes: options.rewriteBytes ?? 1024 * 1024,
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 3600,
    believes: options.believes ?? false,
    persistLimits: [],
    lastNumber: 1_700_000_000_000_000,
  }
}

function bucketOf(state: GcsState, name: string): GcsBucket {
  const bucket = state.buckets.get(name)
  if (bucket === undefined) throw new Error(`The double has no bucket ${name}.`)
  return bucket
}

function redirected(input: string | URL | Request, base: string): string {
  if (input instanceof Request) throw new Error('The double takes a URL, and no Request.')
  const url = new URL(input)
  if (url.origin === base) return url.href
  if (!googleHosts.includes(url.hostname)) throw new TypeError(`fetch failed: the tests reach no ${url.hostname}`)
  return `${base}${url.pathname}${url.search}`
}
