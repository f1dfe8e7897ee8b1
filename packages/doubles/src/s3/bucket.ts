import type { HttpAnswer } from '../http/messages.ts'
import { checkDeleteCondition } from './conditions.ts'
import { S3Failure } from './error.ts'
import { removeObject, type Turn } from './objects.ts'
import { checkPayload } from './payload.ts'
import { currentVersion } from './state.ts'
import { childText, element, parseXml, xmlDocument, type XmlNode } from './xml.ts'

const xml = { 'content-type': 'application/xml' }
const maxBatch = 1000

/** DeleteObjects: at most 1000 keys, with a checksum of the request; absent is deleted. */
export function deleteObjects(turn: Turn): HttpAnswer {
  const { state, request: { http } } = turn
  const { checksum, bytes } = checkPayload(http, state)
  if (checksum === undefined && http.headers['content-md5'] === undefined) throw new S3Failure(400, 'InvalidRequest', { message: 'Missing required header for this request: Content-MD5' })
  const document = parseXml(bytes, 'Delete')
  const wanted = document.children.filter(({ name }) => name === 'Object')
  if (wanted.length === 0 || wanted.length > maxBatch) throw new S3Failure(400, 'MalformedXML')
  const quiet = childText(document, 'Quiet') === 'true'
  const rows = wanted.map((node) => deleteOne(turn, node, quiet))
  return { status: 200, headers: xml, body: xmlDocument('DeleteResult', rows.join('')) }
}

function deleteOne({ state, bucket }: Turn, node: XmlNode, quiet: boolean): string {
  const key = childText(node, 'Key') ?? ''
  try {
    if ([...bucket.deniedPrefixes].some((prefix) => key.startsWith(prefix))) throw new S3Failure(403, 'AccessDenied')
    checkDeleteCondition(childText(node, 'ETag'), currentVersion(bucket, key), state.behaviour)
    removeObject({ state, bucket, key }, childText(node, 'VersionId'))
    return quiet ? '' : `<Deleted>${element('Key', key)}</Deleted>`
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error
    return `<Error>${element('Key', key)}${element('Code', error.code)}${element('Message', error.message)}</Error>`
  }
}

/** HeadBucket tells the region. */
export const headBucket = ({ state }: Turn): HttpAnswer => ({ status: 200, headers: { 'x-amz-bucket-region': state.region } })

/** GetBucketLocation. */
export const getLocation = ({ state }: Turn): HttpAnswer => ({ status: 200, headers: xml, body: xmlDocument('LocationConstraint', state.region) })

/** GetBucketVersioning. */
export const getVersioning = ({ bucket }: Turn): HttpAnswer => ({
  status: 200,
  headers: xml,
  body: xmlDocument('VersioningConfiguration', bucket.versioning === 'off' ? '' : element('Status', bucket.versioning)),
})

/** PutBucketVersioning. */
export function putVersioning({ bucket, request: { http } }: Turn): HttpAnswer {
  const status = childText(parseXml(http.body, 'VersioningConfiguration'), 'Status')
  if (status !== 'Enabled' && status !== 'Suspended') throw new S3Failure(400, 'MalformedXML')
  bucket.versioning = status
  return { status: 200 }
}

/** GetBucketLifecycleConfiguration. */
export function getLifecycle({ bucket }: Turn): HttpAnswer {
  if (bucket.lifecycle === undefined) throw new S3Failure(404, 'NoSuchLifecycleConfiguration')
  return { status: 200, headers: xml, body: bucket.lifecycle }
}

/** PutBucketLifecycleConfiguration keeps the document as it came. */
export function putLifecycle({ bucket, request: { http } }: Turn): HttpAnswer {
  parseXml(http.body, 'LifecycleConfiguration')
  bucket.lifecycle = new TextDecoder().decode(http.body)
  return { status: 200 }
}
