import type { CallOptions, Metadata, ServiceHealth, StoredFile } from '@nexus/core/contract'

/** What is known of an object without reading it. Dates are the store's own. */
export interface ObjectInfo {
  readonly key: string
  readonly sizeBytes: number
  /** Opaque validator: for `ifMatch`, and equal only for equal states. */
  readonly etag: string
  readonly modifiedAt: Date
  /** Absent from listings where the store does not tell it there. */
  readonly contentType?: string | undefined
  /** Custom attributes; `undefined` where a listing does not tell them, empty where there are none. */
  readonly metadata?: Metadata | undefined
  /** Names this state, where the bucket keeps versions. */
  readonly version?: string | undefined
}

/** An object's body, checked against the checksum that the service sends where it sends one. */
export interface ObjectBody {
  readonly info: ObjectInfo
  /** Read it to its end or cancel it. A body that is cut short, too long or damaged fails with `corrupt` or `unavailable`, never ends early. */
  readonly stream: ReadableStream<Uint8Array>
}

export interface GetOptions extends CallOptions {
  /** Half open; past the end is clamped, also to nothing. */
  readonly range?: { readonly offset: number; readonly length: number } | undefined
  readonly ifMatch?: string | undefined
  readonly version?: string | undefined
}

export interface PutOptions extends CallOptions {
  /** Only when the object has this etag, or when there is none (`absent`). Natively by the service, or `unsupported`. */
  readonly condition?: { readonly ifMatch: string } | 'absent' | undefined
  readonly contentType?: string | undefined
  readonly metadata?: Metadata | undefined
  /** As of a write: called by `put` and `putStream` when the service answered with its checksum of what it stores, and it is the body's. */
  readonly onVerified?: (() => void) | undefined
}

/** One page of a listing, as one request gives it; keys in order of their UTF-8 bytes. */
export interface ObjectPage {
  readonly objects: readonly ObjectInfo[]
  /** With a delimiter: the common prefixes, each with the delimiter at its end. */
  readonly prefixes: readonly string[]
}

export interface ListPagesOptions extends CallOptions {
  readonly prefix: string
  readonly delimiter?: '/' | undefined
  /** Only keys (and common prefixes) behind this one. */
  readonly startAfter?: string | undefined
  /** So many keys and prefixes a page at most; default what the service gives at once. */
  readonly pageSize?: number | undefined
}

/** A kept state of an object. */
export interface ObjectVersion extends ObjectInfo {
  readonly version: string
  readonly isCurrent: boolean
}

/** A rule by which the bucket changes objects without being asked. */
export interface LifecycleRule {
  readonly id: string
  /** Keys that it concerns; empty for all. */
  readonly prefix: string
  readonly action: 'expire' | 'archive' | 'abort-uploads' | 'other'
  readonly afterDays?: number | undefined
}

/**
 * One bucket, or what is below a prefix of one: what S3, GCS and their like have in common. Implementations map their service's failures to NexusError:
 * absent is `undefined` or success as said here; a failed condition is `precondition_failed`; a conflict of two writers at once (S3's 409) is `busy`;
 * throttling is `rate_limited` with `retryAfterMs`; a bucket that is missing is `not_found` from `list` and `unavailable` elsewhere; whatever leaves
 * open whether a write happened (time-out, reset, 5xx after the body was sent) is `outcome_unknown`, everything else that may pass `unavailable`.
 * A store over a network repeats each request by itself, by a policy that knows what may be repeated; a body that breaks off is gone on with by
 * `resilient`. Who repeats calls by himself (a repository) opens a store that repeats only what he cannot: parts and pages.
 */
export interface ObjectStore {
  readonly scheme: string
  /** For messages: `s3://bucket/prefix`. */
  readonly name: string
  /** Equal for two stores that are the same storage: endpoint, bucket and prefix, spelt in one way. */
  readonly identity: string
  /** Names who asks, without secrets, so that what one may read is not remembered for another: `anonymous`, or a short hash. */
  readonly reader: string
  /** The store that this one shows a part of, and the beginning of the keys there. */
  readonly within?: { readonly store: ObjectStore; readonly prefix: string } | undefined
  /** What the service does natively; found out by `probe` where only trying tells. */
  readonly conditions: { readonly absent: boolean; readonly match: boolean }
  readonly keepsVersions: boolean
  /** Largest object, in bytes. */
  readonly maxSizeBytes: number
  /** @returns `undefined` where there is none */
  head(key: string, options?: CallOptions & { readonly version?: string | undefined }): Promise<ObjectInfo | undefined>
  /** @returns `undefined` where there is none. @throws NexusError `precondition_failed` */
  get(key: string, options?: GetOptions): Promise<ObjectBody | undefined>
  /** In one request; the checksum of the bytes is sent along. */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<ObjectInfo>
  /** Of unknown length, in parts, several at once, in bounded memory; an upload that does not end well is aborted and leaves nothing. The condition holds at its end. */
  putStream(key: string, body: ReadableStream<Uint8Array>, options?: PutOptions): Promise<ObjectInfo>
  /** Inside the service, whatever the size; attributes go along unless others are given. @returns `undefined` where the source is absent. @throws NexusError `precondition_failed` */
  copy(from: string, to: string, options?: PutOptions & { readonly ifSourceMatch?: string | undefined }): Promise<ObjectInfo | undefined>
  /** Where an object lies in the service; present with `copyFrom`, and on read-only stores of the service too. */
  storedAt?(key: string): StoredFile
  /**
   * Copies from another bucket of the service, as `copy` does. What the service then says of the copy is believed.
   * @returns `undefined` where it cannot: another service, no right to read there, or a condition that only a put keeps; nothing has happened then
   * @throws NexusError `not_found` where the source is absent, `precondition_failed`
   */
  copyFrom?(source: StoredFile, to: string, options?: PutOptions & { readonly ifSourceMatch?: string | undefined }): Promise<ObjectInfo | undefined>
  /** In as few requests as the service allows; absent is success. @throws NexusError naming the keys that stayed */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>
  /** One object, only when it has this etag. @throws NexusError `precondition_failed`, `unsupported` */
  deleteMatching?(key: string, etag: string, options?: CallOptions): Promise<void>
  /** One page a request, to the end; a service that repeats itself is found out (`unexpected`). */
  list(options: ListPagesOptions): AsyncIterable<ObjectPage>
  /** Newest first. */
  versions?(key: string, options?: CallOptions): AsyncIterable<ObjectVersion>
  /** How the service is doing, where it is asked over a network. Asks nothing. */
  serviceHealth?(): ServiceHealth
  presign?(key: string, options: { readonly method: 'GET' | 'PUT'; readonly expiresInMs: number }): Promise<URL>
  /** Rules of the bucket that may touch objects below the prefix; `undefined` where one may not look. */
  lifecycle?(options?: CallOptions): Promise<readonly LifecycleRule[] | undefined>
  close(): Promise<void>
}
