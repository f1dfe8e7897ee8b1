import { createHash } from 'node:crypto'
import type { ChecksumName } from './checksum.ts'
import { ObjectMap } from './object-map.ts'
import type { S3Account } from './signature.ts'

/** One state of an object, or the marker that it was deleted. */
export interface StoredVersion {
  /** `null` where the bucket keeps no versions. */
  readonly versionId: string
  readonly isMarker: boolean
  readonly bytes: Uint8Array
  /** Without quotes. */
  readonly etag: string
  /** Milliseconds since the epoch, whole seconds. */
  readonly modifiedAt: number
  /** `x-amz-meta-*` without its beginning, and the headers that S3 keeps (`content-type`, `cache-control` ...). */
  readonly metadata: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly checksum: StoredChecksum | undefined
}

/** A composite one has `-<parts>` at its end. */
export interface StoredChecksum {
  readonly name: ChecksumName
  readonly value: string
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
}

/** An upload in parts that was begun and not ended. */
export interface Upload {
  readonly id: string
  readonly key: string
  readonly begunAt: number
  readonly metadata: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly checksumName: ChecksumName | undefined
  readonly checksumType: StoredChecksum['type']
  readonly parts: Map<number, UploadedPart>
}

/** A part, kept until its upload ends. */
export interface UploadedPart {
  readonly bytes: Uint8Array
  readonly etag: string
  readonly checksum: string | undefined
}

/** A bucket of the double; tests may change it. */
export interface S3Bucket {
  readonly name: string
  /** Newest first. */
  readonly objects: ObjectMap
  readonly uploads: Map<string, Upload>
  versioning: 'off' | 'Enabled' | 'Suspended'
  /** The document of its lifecycle configuration. */
  lifecycle: string | undefined
  /** Anybody may read. */
  isPublic: boolean
  /** Keys with one of these beginnings are `AccessDenied`, for everybody. */
  readonly deniedPrefixes: Set<string>
}

/** Where a service differs from S3 as published; each as S3 has it unless changed. */
export interface S3Behaviour {
  /** `If-Match` on writes: as published, refused though it is right (Ceph 16), ignored, or not implemented. */
  ifMatch: 'native' | 'refuses' | 'ignores' | 'not-implemented'
  ifNoneMatch: 'native' | 'ignores' | 'not-implemented'
  acceptsChecksums: boolean
  acceptsTrailers: boolean
  /** Whether uploads in parts may have a checksum over the whole; MinIO before 2025 keeps one over the parts' checksums whatever is asked for, and does not tell which. */
  wholeChecksums: boolean
  /** Bytes of every part but the last; S3: 5 MiB. */
  minPartBytes: number
  /** Longest source of CopyObject, and longest single PUT, in bytes; S3: 5 GiB. */
  maxSingleBytes: number
  /** Most keys in a page; S3: 1000. */
  maxKeys: number
}

/** Everything that the double knows. */
export interface S3State {
  readonly buckets: Map<string, S3Bucket>
  readonly accounts: S3Account[]
  readonly region: string
  readonly behaviour: S3Behaviour
  /** Signatures and checksums are taken as they come, and ETags are made up. */
  readonly believes: boolean
  now: () => number
  /** Counts ids of versions and uploads. */
  counter: number
}

/** An empty bucket. */
export function createBucket(name: string): S3Bucket {
  return { name, objects: new ObjectMap(), uploads: new Map(), versioning: 'off', lifecycle: undefined, isPublic: false, deniedPrefixes: new Set() }
}

/** Something new: the MD5 of the bytes, or a number where the double believes. */
export function etagOf(state: S3State, bytes: Uint8Array): string {
  if (!state.believes) return createHash('md5').update(bytes).digest('hex')
  state.counter += 1
  return `believed-${state.counter}`
}

/** The state that is read without a version: none after a delete. */
export function currentVersion(bucket: S3Bucket, key: string): StoredVersion | undefined {
  const newest = bucket.objects.get(key)?.[0]
  return newest?.isMarker === true ? undefined : newest
}

/** Makes `version` the newest, beside or in place of the others as the bucket's versioning says. */
export function addVersion(bucket: S3Bucket, key: string, version: StoredVersion): void {
  const others = bucket.objects.get(key) ?? []
  const kept = bucket.versioning === 'Enabled' ? others : others.filter(({ versionId }) => versionId !== 'null')
  bucket.objects.set(key, [version, ...kept])
}

/** A new id; `null` where the bucket keeps no versions. */
export function nextVersionId(state: S3State, bucket: S3Bucket): string {
  state.counter += 1
  return bucket.versioning === 'Enabled' ? `v${String(state.counter).padStart(8, '0')}` : 'null'
}
