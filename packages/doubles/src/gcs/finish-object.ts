import { invalid } from './answers.ts'
import { crc32cOf, md5Of } from './checksums.ts'
import { checkConditions } from './conditions.ts'
import { type Described, type GcsBucket, type GcsObject, type GcsState, liveObject, nextNumber, type UploadAttributes } from './model.ts'

/** A whole upload. */
export interface FinishedUpload {
  readonly attributes: UploadAttributes
  readonly bytes: Uint8Array
  readonly conditions: URLSearchParams
  /** `x-goog-hash` of the request that ended the upload: `crc32c=...,md5=...`. */
  readonly hashHeader?: string | undefined
  readonly componentCount?: number | undefined
}

const storageClasses = ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE']
const maxMetadataBytes = 8192

/** Makes a new generation live, when conditions and checksums hold; nothing is stored otherwise. */
export function finishObject(state: GcsState, bucket: GcsBucket, upload: FinishedUpload): GcsObject {
  const { attributes, bytes, conditions } = upload
  checkName(attributes.name)
  checkAttributes(attributes)
  checkConditions(conditions, liveObject(bucket, attributes.name))
  const told = { ...attributes, ...hashesIn(upload.hashHeader) }
  const crc32c = (state.believes ? told.crc32c : undefined) ?? crc32cOf(bytes)
  const md5 = state.believes ? undefined : md5Of(bytes)
  checkHashes(told, { crc32c, md5: md5 ?? told.md5Hash })
  const now = state.now()
  const object: GcsObject = {
    bucket: bucket.name,
    name: attributes.name,
    generation: nextNumber(state),
    metageneration: 1,
    bytes,
    contentType: attributes.contentType ?? 'application/octet-stream',
    described: describedIn(attributes),
    metadata: { ...attributes.metadata },
    storageClass: attributes.storageClass ?? 'STANDARD',
    crc32c,
    md5Hash: upload.componentCount === undefined ? md5 : undefined,
    componentCount: upload.componentCount,
    timeCreated: now,
    updated: now,
    timeDeleted: undefined,
  }
  retire(state, bucket, attributes.name)
  bucket.objects.set(attributes.name, [...(bucket.objects.get(attributes.name) ?? []), object])
  return object
}

function describedIn({ cacheControl, contentDisposition, contentEncoding, contentLanguage, customTime }: UploadAttributes): Described {
  const fields = { cacheControl, contentDisposition, contentEncoding, contentLanguage, customTime }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** Ends the live generation: it stays as a noncurrent one where the bucket keeps versions. */
export function retire(state: GcsState, bucket: GcsBucket, name: string): void {
  const live = liveObject(bucket, name)
  if (live === undefined) return
  if (bucket.versioning) live.timeDeleted = state.now()
  else forget(bucket, live)
}

/** Removes one generation for good. */
export function forget(bucket: GcsBucket, object: GcsObject): void {
  const rest = (bucket.objects.get(object.name) ?? []).filter((kept) => kept !== object)
  if (rest.length === 0) bucket.objects.delete(object.name)
  else bucket.objects.set(object.name, rest)
}

/** https://cloud.google.com/storage/docs/objects#naming */
function checkName(name: string): void {
  const bytes = Buffer.byteLength(name)
  const isBad = bytes === 0 || bytes > 1024 || /[\r\n]/.test(name) || name === '.' || name === '..' || name.startsWith('.well-known/acme-challenge/') || !name.isWellFormed()
  if (isBad) throw invalid(bytes === 0 ? 'Required' : `The specified object name is not valid: ${JSON.stringify(name.slice(0, 60))}`)
}

function checkAttributes({ metadata = {}, storageClass }: UploadAttributes): void {
  if (storageClass !== undefined && !storageClasses.includes(storageClass)) throw invalid(`Invalid storage class ${storageClass}.`)
  let total = 0
  for (const [name, value] of Object.entries<unknown>(metadata)) {
    if (typeof value !== 'string') throw invalid(`Metadata ${name} is no string.`)
    total += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (total > maxMetadataBytes) throw invalid(`The metadata for your object, totaling ${total} bytes, exceeds the maximum allowed size of ${maxMetadataBytes} bytes.`)
}

function hashesIn(header: string | undefined): { crc32c?: string; md5Hash?: string } {
  const found = new Map((header ?? '').split(',').filter((part) => part !== '').map((part): [string, string] => {
    const equals = part.indexOf('=')
    return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()]
  }))
  const crc32c = found.get('crc32c')
  const md5Hash = found.get('md5')
  return { ...(crc32c !== undefined && { crc32c }), ...(md5Hash !== undefined && { md5Hash }) }
}

function checkHashes(told: { readonly crc32c?: string | undefined; readonly md5Hash?: string | undefined }, { crc32c, md5 }: { readonly crc32c: string; readonly md5: string | undefined }): void {
  if (told.crc32c !== undefined && told.crc32c !== crc32c) throw invalid(`Provided CRC32C "${told.crc32c}" doesn't match calculated CRC32C "${crc32c}".`)
  if (told.md5Hash !== undefined && told.md5Hash !== md5) throw invalid(`Provided MD5 hash "${told.md5Hash}" doesn't match calculated MD5 hash "${String(md5)}".`)
}
