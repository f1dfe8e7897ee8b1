import type { HttpAnswer } from '../http/messages.ts'
import { S3Failure } from './error.ts'
import { compareKeys } from './object-map.ts'
import type { Turn } from './objects.ts'
import { currentVersion, type StoredVersion } from './state.ts'
import { element, xmlDocument } from './xml.ts'

const xml = { 'content-type': 'application/xml' }

/** ListObjectsV2: keys by UTF-8 bytes; what the delimiter rolls up counts once. */
export function listObjects({ state, bucket, request: { query } }: Turn): HttpAnswer {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const token = query.get('continuation-token')
  const maxKeys = pageSize(query.get('max-keys'), state.behaviour.maxKeys)
  const after = token === null ? (query.get('start-after') ?? '') : decodeToken(token)
  if ([...bucket.deniedPrefixes].some((denied) => prefix.startsWith(denied))) throw new S3Failure(403, 'AccessDenied')
  const rows: { last: string; text: string }[] = []
  const encoding = query.get('encoding-type') ?? undefined
  const encode = encoderOf(query.get('encoding-type'))
  let rolled: string | undefined
  for (const key of bucket.objects.keysFrom(compareKeys(prefix, after) > 0 ? prefix : after)) {
    if (!key.startsWith(prefix) && compareKeys(key, prefix) > 0) break
    if (!key.startsWith(prefix) || key === after || currentVersion(bucket, key) === undefined) continue
    const common = commonPrefix(key, prefix, delimiter)
    // A token behind a common prefix is behind everything in it; start-after is not.
    if (common !== undefined && (common === rolled || (token !== null && after.startsWith(common)))) continue
    rolled = common
    if (rows.length === maxKeys) {
      return page({ prefix, delimiter, maxKeys, rows, next: encodeToken(rows.at(-1)?.last ?? ''), encode, encoding })
    }
    const version = currentVersion(bucket, key)
    if (common !== undefined) rows.push({ last: common, text: `<CommonPrefixes>${element('Prefix', encode(common))}</CommonPrefixes>` })
    else if (version !== undefined) rows.push({ last: key, text: `<Contents>${element('Key', encode(key))}${describe(version)}</Contents>` })
  }
  return page({ prefix, delimiter, maxKeys, rows, next: undefined, encode, encoding })
}

/** ListObjectVersions: newest first within a key. */
export function listVersions({ state, bucket, request: { query } }: Turn): HttpAnswer {
  const prefix = query.get('prefix') ?? ''
  const maxKeys = pageSize(query.get('max-keys'), state.behaviour.maxKeys)
  const encode = encoderOf(query.get('encoding-type'))
  const all = [...bucket.objects].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => compareKeys(a, b)).flatMap(([key, versions]) => {
    return versions.map((version, index) => ({ key, version, isLatest: index === 0 }))
  })
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('version-id-marker')
  const marker = all.findIndex(({ key, version }) => key === keyMarker && version.versionId === idMarker)
  const start = marker === -1 ? all.findIndex(({ key }) => compareKeys(key, keyMarker) > 0) : marker + 1
  const rows = start === -1 ? [] : all.slice(start, start + maxKeys)
  const isTruncated = start !== -1 && start + maxKeys < all.length
  const last = rows.at(-1)
  const next = isTruncated && last !== undefined ? element('NextKeyMarker', encode(last.key)) + element('NextVersionIdMarker', last.version.versionId) : ''
  const texts = rows.map(({ key, version, isLatest }) => {
    const told = element('Key', encode(key)) + element('VersionId', version.versionId) + element('IsLatest', isLatest)
    return version.isMarker ? `<DeleteMarker>${told}${element('LastModified', new Date(version.modifiedAt).toISOString())}</DeleteMarker>` : `<Version>${told}${describe(version)}</Version>`
  })
  return { status: 200, headers: xml, body: xmlDocument('ListVersionsResult', element('IsTruncated', isTruncated) + next + texts.join('')) }
}

/** ListMultipartUploads. */
export function listUploads({ bucket, request: { query } }: Turn): HttpAnswer {
  const prefix = query.get('prefix') ?? ''
  const uploads = [...bucket.uploads.values()].filter(({ key }) => key.startsWith(prefix)).map(({ key, id, begunAt }) => {
    return `<Upload>${element('Key', key)}${element('UploadId', id)}${element('Initiated', new Date(begunAt).toISOString())}</Upload>`
  })
  return { status: 200, headers: xml, body: xmlDocument('ListMultipartUploadsResult', element('IsTruncated', false) + uploads.join('')) }
}

interface Page {
  readonly prefix: string
  readonly delimiter: string
  readonly maxKeys: number
  readonly rows: readonly { readonly text: string }[]
  readonly next: string | undefined
  readonly encode: (text: string) => string
  readonly encoding: string | undefined
}

function page({ prefix, delimiter, maxKeys, rows, next, encode, encoding }: Page): HttpAnswer {
  const head = [
    element('Prefix', encode(prefix)), element('MaxKeys', maxKeys), element('KeyCount', rows.length), element('IsTruncated', next !== undefined),
    delimiter === '' ? '' : element('Delimiter', encode(delimiter)), element('NextContinuationToken', next), element('EncodingType', encoding),
  ]
  return { status: 200, headers: xml, body: xmlDocument('ListBucketResult', head.join('') + rows.map(({ text }) => text).join('')) }
}

function describe({ etag, bytes, modifiedAt, headers }: StoredVersion): string {
  const storageClass = headers['x-amz-storage-class'] ?? 'STANDARD'
  return [element('LastModified', new Date(modifiedAt).toISOString()), element('ETag', `"${etag}"`), element('Size', bytes.length), element('StorageClass', storageClass)].join('')
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
  return at === -1 ? undefined : key.slice(0, at + delimiter.length)
}

function pageSize(text: string | null, most: number): number {
  const size = Number(text ?? most)
  if (!Number.isInteger(size) || size < 0) throw new S3Failure(400, 'InvalidArgument')
  return Math.min(size, most)
}

function encoderOf(type: string | null): (text: string) => string {
  if (type === null) return (text) => text
  if (type !== 'url') throw new S3Failure(400, 'InvalidArgument')
  // As S3 does: a space becomes "+", a slash stays.
  return (text) => encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/')
}

const encodeToken = (key: string): string => `token/${Buffer.from(key).toString('base64')}`

function decodeToken(token: string): string {
  if (!token.startsWith('token/')) throw new S3Failure(400, 'InvalidArgument', { message: 'The continuation token provided is incorrect' })
  return Buffer.from(token.slice('token/'.length), 'base64').toString()
}
