import { createHash } from 'node:crypto'
import { joinBytes } from '../http/join-bytes.ts'
import type { HttpAnswer } from '../http/messages.ts'
import { checkWriteConditions } from './conditions.ts'
import { type ChecksumName, checksumNames, checksumOf } from './checksum.ts'
import { S3Failure } from './error.ts'
import { checkKey, describeNew, findSource, parseRange, storeObject, type Turn, versionHeader } from './objects.ts'
import { checkPayload, type Payload } from './payload.ts'
import { currentVersion, etagOf, type StoredChecksum, type Upload, type UploadedPart } from './state.ts'
import { childText, element, parseXml, xmlDocument, type XmlNode } from './xml.ts'

/** CreateMultipartUpload. */
export function createUpload({ state, bucket, request: { key, http } }: Turn): HttpAnswer {
  checkKey(key)
  const name = checksumNames.find((known) => known === http.headers['x-amz-checksum-algorithm']?.toLowerCase())
  if (name !== undefined && !state.behaviour.acceptsChecksums) throw new S3Failure(501, 'NotImplemented', { message: 'x-amz-checksum-algorithm' })
  const { wholeChecksums } = state.behaviour
  const checksumType = wholeChecksums && (http.headers['x-amz-checksum-type'] === 'FULL_OBJECT' || name === 'crc64nvme') ? 'FULL_OBJECT' : 'COMPOSITE'
  if (checksumType === 'FULL_OBJECT' && name?.startsWith('sha') === true) throw new S3Failure(400, 'InvalidRequest')
  state.counter += 1
  const id = `upload-${state.counter}`
  bucket.uploads.set(id, { id, key, begunAt: state.now(), ...describeNew(http.headers), checksumName: name, checksumType, parts: new Map() })
  const body = xmlDocument('InitiateMultipartUploadResult', element('Bucket', bucket.name) + element('Key', key) + element('UploadId', id))
  const told: Record<string, string> = name === undefined ? {} : { 'x-amz-checksum-algorithm': name.toUpperCase(), ...(wholeChecksums && { 'x-amz-checksum-type': checksumType }) }
  return { status: 200, headers: { 'content-type': 'application/xml', ...told }, body }
}

/** UploadPart. */
export function uploadPart(turn: Turn): HttpAnswer {
  const { state, request: { http } } = turn
  const upload = findUpload(turn)
  const payload = checkPayload(http, state)
  if (payload.checksum !== undefined && payload.checksum.name !== (upload.checksumName ?? payload.checksum.name)) throw new S3Failure(400, 'InvalidRequest')
  const part = storePart(turn, upload, payload)
  return { status: 200, headers: { etag: `"${part.etag}"`, ...partChecksum(upload, part) } }
}

/** UploadPartCopy, of a range of the source or all of it. */
export function uploadPartCopy(turn: Turn): HttpAnswer {
  const { state, request: { http } } = turn
  const upload = findUpload(turn)
  const source = findSource(turn)
  const range = parseRange(http.headers['x-amz-copy-source-range'], source.bytes.length)
  const bytes = range === undefined ? source.bytes : source.bytes.slice(range.from, range.to)
  if (bytes.length > state.behaviour.maxSingleBytes) throw new S3Failure(400, 'InvalidRequest')
  const part = storePart(turn, upload, { bytes, checksum: undefined })
  const checksum = part.checksum === undefined ? '' : element(checksumElement(upload.checksumName), part.checksum)
  const body = xmlDocument('CopyPartResult', element('ETag', `"${part.etag}"`) + element('LastModified', new Date(state.now()).toISOString()) + checksum)
  return { status: 200, headers: { 'content-type': 'application/xml' }, body }
}

/** CompleteMultipartUpload: parts named in order with their ETags, all but the last long enough, the whole's checksum right, the condition kept. */
export function completeUpload(turn: Turn): HttpAnswer {
  const { state, bucket, request: { key, http } } = turn
  const upload = findUpload(turn)
  const parts = chooseParts(parseXml(http.body, 'CompleteMultipartUpload'), upload)
  if (parts.slice(0, -1).some(({ bytes }) => bytes.length < state.behaviour.minPartBytes)) throw new S3Failure(400, 'EntityTooSmall')
  const bytes = joinBytes(parts.map((part) => part.bytes))
  const checksum = (state.believes ? believedChecksum(turn, upload) : undefined) ?? wholeChecksum(upload, parts, bytes)
  if (checksum !== undefined && checksum.value !== (http.headers[`x-amz-checksum-${checksum.name}`] ?? checksum.value)) throw new S3Failure(400, 'BadDigest')
  const size = http.headers['x-amz-mp-object-size']
  if (size !== undefined && Number(size) !== bytes.length) throw new S3Failure(400, 'InvalidRequest')
  checkWriteConditions(http.headers, currentVersion(bucket, key), state.behaviour)
  const etag = `${createHash('md5').update(Buffer.from(parts.map((part) => part.etag).join(''), 'hex')).digest('hex')}-${parts.length}`
  const version = storeObject({ state, bucket, key }, { bytes, etag, metadata: upload.metadata, headers: upload.headers, checksum })
  bucket.uploads.delete(upload.id)
  const told = element('Bucket', bucket.name) + element('Key', key) + element('ETag', `"${etag}"`)
  const checksums = checksum === undefined ? '' : element(checksumElement(checksum.name), checksum.value) + element('ChecksumType', state.behaviour.wholeChecksums ? checksum.type : undefined)
  return { status: 200, headers: { 'content-type': 'application/xml', ...versionHeader(version) }, body: xmlDocument('CompleteMultipartUploadResult', told + checksums) }
}

/** AbortMultipartUpload. */
export function abortUpload(turn: Turn): HttpAnswer {
  turn.bucket.uploads.delete(findUpload(turn).id)
  return { status: 204 }
}

/** ListParts. */
export function listParts(turn: Turn): HttpAnswer {
  const upload = findUpload(turn)
  const rows = [...upload.parts].sort(([a], [b]) => a - b).map(([number, part]) => {
    return `<Part>${element('PartNumber', number)}${element('ETag', `"${part.etag}"`)}${element('Size', part.bytes.length)}</Part>`
  })
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: xmlDocument('ListPartsResult', element('UploadId', upload.id) + element('IsTruncated', false) + rows.join('')) }
}

function findUpload({ bucket, request: { key, query } }: Turn): Upload {
  const upload = bucket.uploads.get(query.get('uploadId') ?? '')
  if (upload?.key !== key) throw new S3Failure(404, 'NoSuchUpload')
  return upload
}

function storePart({ state, request: { query } }: Turn, upload: Upload, { bytes, checksum: declared }: Payload): UploadedPart {
  const number = Number(query.get('partNumber'))
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new S3Failure(400, 'InvalidArgument')
  const believed = state.believes ? declared?.value : undefined
  const checksum = upload.checksumName === undefined ? undefined : (believed ?? checksumOf(upload.checksumName, bytes))
  const part = { bytes, etag: etagOf(state, bytes), checksum }
  upload.parts.set(number, part)
  return part
}

function partChecksum({ checksumName }: Upload, { checksum }: UploadedPart): Record<string, string> {
  return checksumName === undefined || checksum === undefined ? {} : { [`x-amz-checksum-${checksumName}`]: checksum }
}

function chooseParts(document: XmlNode, upload: Upload): UploadedPart[] {
  let last = 0
  const parts = document.children.map((node) => {
    const number = Number(childText(node, 'PartNumber'))
    if (number <= last) throw new S3Failure(400, 'InvalidPartOrder')
    last = number
    const part = upload.parts.get(number)
    if (part === undefined || childText(node, 'ETag')?.replaceAll('"', '') !== part.etag) throw new S3Failure(400, 'InvalidPart')
    const given = upload.checksumName === undefined ? undefined : childText(node, checksumElement(upload.checksumName))
    if (given !== undefined && given !== part.checksum) throw new S3Failure(400, 'InvalidPart')
    if (given === undefined && upload.checksumName !== undefined && upload.checksumType === 'COMPOSITE') throw new S3Failure(400, 'InvalidRequest')
    return part
  })
  if (parts.length === 0) throw new S3Failure(400, 'MalformedXML')
  return parts
}

function wholeChecksum({ checksumName: name, checksumType: type }: Upload, parts: readonly UploadedPart[], bytes: Uint8Array): StoredChecksum | undefined {
  if (name === undefined) return undefined
  if (type === 'FULL_OBJECT') return { name, type, value: checksumOf(name, bytes) }
  const joined = Buffer.concat(parts.map((part) => Buffer.from(part.checksum ?? '', 'base64')))
  return { name, type, value: `${checksumOf(name, joined)}-${parts.length}` }
}

/** What the client says of the whole, where it says anything. */
function believedChecksum({ request: { http } }: Turn, { checksumName: name, checksumType: type }: Upload): StoredChecksum | undefined {
  const value = name === undefined ? undefined : http.headers[`x-amz-checksum-${name}`]
  return name === undefined || value === undefined ? undefined : { name, type, value }
}

const checksumElement = (name: ChecksumName | undefined): string => `Checksum${(name ?? '').toUpperCase()}`

