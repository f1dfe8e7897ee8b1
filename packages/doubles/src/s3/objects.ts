import type { HttpAnswer } from '../http/messages.ts'
import { checkDeleteCondition, checkReadConditions, checkSourceConditions, checkWriteConditions } from './conditions.ts'
import { checksumOf } from './checksum.ts'
import { S3Failure } from './error.ts'
import { checkPayload } from './payload.ts'
import type { S3Request } from './request.ts'
import { addVersion, currentVersion, etagOf, nextVersionId, type S3Bucket, type S3State, type StoredChecksum, type StoredVersion } from './state.ts'
import { element, xmlDocument } from './xml.ts'

/** What every operation works on. */
export interface Turn {
  readonly state: S3State
  readonly bucket: S3Bucket
  readonly request: S3Request
}

const describingHeaders = ['content-type', 'cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']
/** A copy has them from its own request alone. */
const placingHeaders = ['x-amz-storage-class', 'x-amz-server-side-encryption', 'x-amz-website-redirect-location']
const maxMetadataBytes = 2048

/** GetObject and HeadObject. */
export function getObject({ bucket, request: { key, query, http, operation } }: Turn): HttpAnswer {
  const version = findVersion(bucket, key, query.get('versionId') ?? undefined)
  checkReadConditions(http.headers, version)
  const { bytes } = version
  const range = parseRange(http.headers['range'], bytes.length)
  const part = range === undefined ? bytes : bytes.subarray(range.from, range.to)
  const checksums = range === undefined && http.headers['x-amz-checksum-mode'] === 'ENABLED' ? checksumHeaders(version.checksum) : {}
  const ranged: Record<string, string> = range === undefined ? {} : { 'content-range': `bytes ${range.from}-${range.to - 1}/${bytes.length}` }
  const headers = { ...infoHeaders(version), ...checksums, ...ranged, 'content-length': String(part.length) }
  return { status: range === undefined ? 200 : 206, headers, body: operation === 'HeadObject' ? undefined : part }
}

/** PutObject. */
export function putObject({ state, bucket, request: { key, http } }: Turn): HttpAnswer {
  const payload = checkPayload(http, state)
  if (payload.bytes.length > state.behaviour.maxSingleBytes) throw new S3Failure(400, 'EntityTooLarge')
  checkKey(key)
  const described = describeNew(http.headers)
  checkWriteConditions(http.headers, currentVersion(bucket, key), state.behaviour)
  const checksum: StoredChecksum | undefined = payload.checksum === undefined ? defaultChecksum(state, payload.bytes) : { ...payload.checksum, type: 'FULL_OBJECT' }
  const version = storeObject({ state, bucket, key }, { ...described, bytes: payload.bytes, etag: etagOf(state, payload.bytes), checksum })
  return { status: 200, headers: { etag: `"${version.etag}"`, ...versionHeader(version), ...checksumHeaders(version.checksum) } }
}

/** CopyObject: metadata of the source unless `x-amz-metadata-directive: REPLACE`. */
export function copyObject(turn: Turn): HttpAnswer {
  const { state, bucket, request: { key, http } } = turn
  const source = findSource(turn)
  if (source.bytes.length > state.behaviour.maxSingleBytes) {
    throw new S3Failure(400, 'InvalidRequest', { message: 'The specified copy source is larger than the maximum allowable size for a copy source' })
  }
  checkKey(key)
  checkWriteConditions(http.headers, currentVersion(bucket, key), state.behaviour)
  const replaces = http.headers['x-amz-metadata-directive'] === 'REPLACE'
  const described = replaces ? describeNew(http.headers) : { metadata: source.metadata, headers: { ...pick(source.headers, describingHeaders), ...pick(http.headers, placingHeaders) } }
  const version = storeObject({ state, bucket, key }, { ...described, bytes: source.bytes, etag: etagOf(state, source.bytes), checksum: source.checksum })
  const body = xmlDocument('CopyObjectResult', element('ETag', `"${version.etag}"`) + element('LastModified', new Date(version.modifiedAt).toISOString()))
  return { status: 200, headers: { 'content-type': 'application/xml', ...versionHeader(version) }, body }
}

/** DeleteObject: absent is 204 as well. */
export function deleteObject({ state, bucket, request: { key, query, http } }: Turn): HttpAnswer {
  checkDeleteCondition(http.headers['if-match'], currentVersion(bucket, key), state.behaviour)
  removeObject({ state, bucket, key }, query.get('versionId') ?? undefined)
  return { status: 204 }
}

/** Deletes a version, or what is current: by a marker where the bucket keeps versions. */
export function removeObject({ state, bucket, key }: { state: S3State; bucket: S3Bucket; key: string }, versionId: string | undefined): void {
  if (versionId !== undefined || bucket.versioning === 'off') {
    const kept = (bucket.objects.get(key) ?? []).filter((version) => version.versionId !== (versionId ?? 'null'))
    if (kept.length === 0) bucket.objects.delete(key)
    else bucket.objects.set(key, kept)
    return
  }
  const marker = { bytes: new Uint8Array(), etag: '', metadata: {}, headers: {}, checksum: undefined }
  addVersion(bucket, key, { ...marker, versionId: nextVersionId(state, bucket), isMarker: true, modifiedAt: toSeconds(state.now()) })
}

/** Stores a new state. */
export function storeObject(
  { state, bucket, key }: { state: S3State; bucket: S3Bucket; key: string },
  content: Pick<StoredVersion, 'bytes' | 'etag' | 'metadata' | 'headers' | 'checksum'>,
): StoredVersion {
  const version = { ...content, versionId: nextVersionId(state, bucket), isMarker: false, modifiedAt: toSeconds(state.now()) }
  addVersion(bucket, key, version)
  return version
}

/** `x-amz-copy-source`, decoded, found, and in the state that the conditions ask for. */
export function findSource({ state, request: { http } }: Turn): StoredVersion {
  const [path = '', parameter] = (http.headers['x-amz-copy-source'] ?? '').split('?versionId=')
  const [bucketName = '', ...rest] = path.replace(/^\//, '').split('/').map(decodeURIComponent)
  const bucket = state.buckets.get(bucketName)
  if (bucket === undefined) throw new S3Failure(404, 'NoSuchBucket')
  const key = rest.join('/')
  if ([...bucket.deniedPrefixes].some((prefix) => key.startsWith(prefix))) throw new S3Failure(403, 'AccessDenied')
  const source = findVersion(bucket, key, parameter)
  checkSourceConditions(http.headers, source)
  return source
}

/** What a new object is described by. @throws S3Failure `MetadataTooLarge` above 2 KB, `InvalidArgument` */
export function describeNew(headers: Readonly<Record<string, string>>): Pick<StoredVersion, 'metadata' | 'headers'> {
  const entries = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'))
  const metadata = Object.fromEntries(entries.map(([name, value]) => [name.slice('x-amz-meta-'.length), value]))
  const bytes = Object.entries(metadata).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value, 'latin1'), 0)
  if (bytes > maxMetadataBytes) throw new S3Failure(400, 'MetadataTooLarge')
  // How the body was sent, and no encoding of the object.
  const encoding = headers['content-encoding']?.split(',').map((part) => part.trim()).filter((part) => part !== 'aws-chunked').join()
  const { 'content-encoding': _, ...others } = pick(headers, [...describingHeaders, ...placingHeaders])
  return { metadata, headers: { ...others, ...(encoding !== undefined && encoding !== '' && { 'content-encoding': encoding }) } }
}

/** @throws S3Failure `KeyTooLongError` above 1024 bytes of UTF-8 */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > 1024) throw new S3Failure(400, 'KeyTooLongError')
}

/** `x-amz-checksum-*`, as answers carry it. */
export function checksumHeaders(checksum: StoredChecksum | undefined): Record<string, string> {
  return checksum === undefined ? {} : { [`x-amz-checksum-${checksum.name}`]: checksum.value, 'x-amz-checksum-type': checksum.type }
}

/** `x-amz-version-id`, where there is one. */
export function versionHeader({ versionId }: StoredVersion): Record<string, string> {
  return versionId === 'null' ? {} : { 'x-amz-version-id': versionId }
}

/** Real S3 computes one where the client sent none. */
function defaultChecksum({ behaviour, believes }: S3State, bytes: Uint8Array): StoredChecksum | undefined {
  return behaviour.acceptsChecksums && !believes ? { name: 'crc64nvme', value: checksumOf('crc64nvme', bytes), type: 'FULL_OBJECT' } : undefined
}

function findVersion(bucket: S3Bucket, key: string, versionId: string | undefined): StoredVersion {
  if (versionId === undefined) {
    const current = currentVersion(bucket, key)
    if (current === undefined) throw new S3Failure(404, 'NoSuchKey')
    return current
  }
  const version = bucket.objects.get(key)?.find((known) => known.versionId === versionId)
  if (version === undefined) throw new S3Failure(404, 'NoSuchVersion')
  if (version.isMarker) throw new S3Failure(405, 'MethodNotAllowed')
  return version
}

function infoHeaders(version: StoredVersion): Record<string, string> {
  return {
    ...version.headers,
    ...Object.fromEntries(Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
    ...versionHeader(version),
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
  }
}

/** Half open. What cannot be read is ignored, as HTTP wants it; what begins behind the end is 416. */
export function parseRange(header: string | undefined, size: number): { from: number; to: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const [, first = '', last = ''] = match
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  if (first !== '' && last !== '' && Number(last) < from) return undefined
  if (from >= size) throw new S3Failure(416, 'InvalidRange', { headers: { 'content-range': `bytes */${size}` } })
  return { from, to }
}

function pick(headers: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])))
}

const toSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000
