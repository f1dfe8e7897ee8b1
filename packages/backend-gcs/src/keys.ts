import type { GcsConfig } from './config.ts'
import type { Place } from './context.ts'
import { failure } from './errors.ts'

const maxKeyBytes = 1024

/** https://cloud.google.com/storage/docs/objects#naming @throws NexusError `invalid_argument` before any request */
export function checkKey(place: Place): void {
  const { key } = place
  const sizeBytes = Buffer.byteLength(key)
  if (sizeBytes < 1 || sizeBytes > maxKeyBytes || !key.isWellFormed()) {
    throw failure('invalid_argument', place, `A key is well-formed and has 1 to 1,024 bytes; this one has ${sizeBytes}. Choose a shorter path.`)
  }
  if (/[\r\n]/.test(key) || key === '.' || key === '..') throw failure('invalid_argument', place, 'GCS takes no line breaks in a name, and neither "." nor ".." as one. Choose another path.')
}

/** The JSON API's path of the bucket. */
export function bucketPath({ bucket }: Pick<GcsConfig, 'bucket'>): string {
  return `/storage/v1/b/${encodeURIComponent(bucket)}`
}

/** The JSON API's path of an object; its name is one segment there. */
export function objectPath(config: Pick<GcsConfig, 'bucket'>, key: string): string {
  return `${bucketPath(config)}/o/${encodeURIComponent(key)}`
}

/** The JSON API's path for uploads. */
export function uploadPath({ bucket }: GcsConfig): string {
  return `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`
}

/** The XML API's path of an object; slashes are escaped, so that no URL parser resolves `..` in a name. */
export function downloadPath({ bucket }: GcsConfig, key: string): string {
  return `/${encodeURIComponent(bucket)}/${encodeURIComponent(key)}`
}
