import type { ObjectInfo, PutOptions } from '@nexus/object-storage'
import { conditionQuery } from './conditions.ts'
import type { GcsContext, Place } from './context.ts'
import { spellCrc32c } from './crc32c.ts'
import { failure } from './errors.ts'
import { checkKey, uploadPath } from './keys.ts'
import { objectFields, type ObjectResource, toResource } from './object-info.ts'
import { sendForJson } from './send.ts'

/** Largest object (https://cloud.google.com/storage/quotas#objects): 5 TiB. */
export const maxSizeBytes: number = 5 * 1024 ** 4

const encoder = new TextEncoder()

/** A multipart upload (https://cloud.google.com/storage/docs/json_api/v1/objects/insert): attributes, checksum, condition and bytes in one request. */
export async function put(context: GcsContext, key: string, body: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
  const place = { op: 'put', key }
  checkKey(place)
  const crc32c = spellCrc32c(context.crc32c.of(body))
  const boundary = randomBoundary(context)
  const request = {
    method: 'POST',
    path: uploadPath(context.config),
    query: { uploadType: 'multipart', fields: objectFields, ...conditionQuery(options.condition, place) },
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: multipart(boundary, { ...attributesOf(context, key, options), crc32c }, body),
    place,
    effect: 'change',
    signal: options.signal,
  } as const
  const resource = toResource(context, await sendForJson(context, request), { place, code: 'outcome_unknown' })
  checkStored(resource, { place, sizeBytes: body.length, crc32c, onVerified: options.onVerified })
  return resource.info
}

/** What the service is told of an object before its bytes. */
export function attributesOf({ config }: GcsContext, key: string, { contentType, metadata }: PutOptions): Record<string, unknown> {
  return { name: key, contentType, metadata, storageClass: config.storageClass }
}

/** What an object has to be after it was sent. */
interface SentObject {
  readonly place: Place
  readonly sizeBytes: number
  /** As the service spells it. */
  readonly crc32c: string
  readonly onVerified: PutOptions['onVerified']
}

/** Nothing is acknowledged that the service does not say it stored. @throws NexusError `outcome_unknown` */
export function checkStored({ info, crc32c }: ObjectResource, expected: SentObject): void {
  if (info.key === expected.place.key && info.sizeBytes === expected.sizeBytes && (crc32c === undefined || crc32c === expected.crc32c)) {
    if (crc32c !== undefined) expected.onVerified?.()
    return
  }
  throw failure('outcome_unknown', expected.place, 'The service says that it stored something else than it was sent. Read the object before you repeat it.')
}

/** A boundary that no body holds but by a chance of 2^-128. */
export function randomBoundary({ random }: Pick<GcsContext, 'random'>): string {
  return `nexus-${Buffer.from(random(new Uint8Array(16))).toString('hex')}`
}

function multipart(boundary: string, attributes: Record<string, unknown>, body: Uint8Array): Uint8Array {
  const head = encoder.encode(`--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(attributes)}\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\n\r\n`)
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`)
  const bytes = new Uint8Array(head.length + body.length + tail.length)
  bytes.set(head)
  bytes.set(body, head.length)
  bytes.set(tail, head.length + body.length)
  return bytes
}
