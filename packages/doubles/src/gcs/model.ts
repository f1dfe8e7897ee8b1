/** Editable fields of an object that only tell its readers something. */
export interface Described {
  readonly cacheControl?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentLanguage?: string | undefined
  readonly customTime?: string | undefined
}

/** One generation of an object. */
export interface GcsObject {
  readonly bucket: string
  readonly name: string
  readonly generation: number
  metageneration: number
  readonly bytes: Uint8Array
  contentType: string
  metadata: Record<string, string>
  readonly described: Described
  storageClass: string
  /** Base64 of the big-endian CRC32C. */
  readonly crc32c: string
  /** Base64; composite objects have none. */
  readonly md5Hash: string | undefined
  readonly componentCount: number | undefined
  readonly timeCreated: number
  updated: number
  /** Set when the generation is no longer live; only versioned buckets keep such. */
  timeDeleted: number | undefined
}

/** A bucket and what its owner set; tests change the settings at will. */
export interface GcsBucket {
  readonly name: string
  versioning: boolean
  /** `lifecycle.rule` of the bucket resource. */
  lifecycleRules: readonly object[]
  /** Whether anybody may get and list objects. */
  isPublic: boolean
  /** Names that begin so are forbidden to everybody. */
  deniedPrefixes: readonly string[]
  /** Whether callers lack storage.buckets.get, as with the role Storage Object Admin. */
  hidesMetadata: boolean
  /** All generations that are kept, oldest first. */
  readonly objects: Map<string, GcsObject[]>
}

/** A resumable upload between its first request and its end. */
export interface UploadSession {
  readonly id: string
  readonly bucket: string
  readonly attributes: UploadAttributes
  readonly conditions: URLSearchParams
  parts: Uint8Array[]
  persistedBytes: number
  finished: GcsObject | undefined
  isCancelled: boolean
}

/** What an upload says of its object: the writable part of an object resource. */
export interface UploadAttributes extends Described {
  readonly name: string
  readonly contentType?: string | undefined
  readonly metadata?: Record<string, string> | undefined
  readonly storageClass?: string | undefined
  readonly crc32c?: string | undefined
  readonly md5Hash?: string | undefined
}

/** A copy that takes several calls. */
export interface RewriteSession {
  readonly source: GcsObject
  readonly target: string
  rewrittenBytes: number
}

/** Everything that the double knows. */
export interface GcsState {
  readonly buckets: Map<string, GcsBucket>
  readonly uploads: Map<string, UploadSession>
  readonly rewrites: Map<string, RewriteSession>
  /** Access tokens and when they end, in milliseconds since the epoch. */
  readonly tokens: Map<string, number>
  readonly now: () => number
  /** Items and prefixes a page at most. */
  readonly pageSize: number
  /** Bytes that one rewrite call copies. */
  readonly rewriteBytes: number
  readonly tokenLifetimeSeconds: number
  /** Checksums are taken as they come, everybody is known, and nothing has an MD5. */
  readonly believes: boolean
  /** The next non-final chunks of resumable uploads persist at most so many bytes each. */
  readonly persistLimits: number[]
  lastNumber: number
}

/** The generation that a plain request sees. */
export function liveObject(bucket: GcsBucket, name: string): GcsObject | undefined {
  return bucket.objects.get(name)?.findLast(({ timeDeleted }) => timeDeleted === undefined)
}

/** A number that no other call got: the double's source of generations and ids. */
export function nextNumber(state: GcsState): number {
  state.lastNumber += 1
  return state.lastNumber
}
