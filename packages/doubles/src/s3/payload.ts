import { createHash } from 'node:crypto'
import type { HttpRequest } from '../http/messages.ts'
import { type ChecksumName, checksumNames, checksumOf } from './checksum.ts'
import { S3Failure } from './error.ts'

/** A request's body after all that came with it was checked, and the checksum that the client chose. */
export interface Payload {
  readonly bytes: Uint8Array
  readonly checksum: { readonly name: ChecksumName; readonly value: string } | undefined
}

/** What a service may not know; real S3 knows all of it. */
export interface PayloadRules {
  readonly acceptsChecksums: boolean
  readonly acceptsTrailers: boolean
}

/**
 * Checks `x-amz-content-sha256`, `Content-MD5`, `x-amz-checksum-*` and aws-chunked bodies with their trailers.
 * @throws S3Failure `XAmzContentSHA256Mismatch`, `BadDigest`, `InvalidDigest`, `InvalidRequest`, `IncompleteBody`, `NotImplemented`
 */
export function checkPayload(request: HttpRequest, { behaviour: rules, believes }: { readonly behaviour: PayloadRules; readonly believes: boolean }): Payload {
  const { headers, body } = request
  const declared = headers['x-amz-content-sha256']
  const trailing = declared?.startsWith('STREAMING-') === true
  if (trailing && !rules.acceptsTrailers) throw new S3Failure(501, 'NotImplemented', { message: 'aws-chunked trailers are not known here' })
  const { bytes, trailers } = trailing ? decodeChunks(request) : { bytes: body, trailers: {} }
  if (believes) return { bytes, checksum: declaredChecksum({ ...headers, ...trailers }) }
  if (declared !== undefined && /^[0-9a-f]{64}$/.test(declared) && createHash('sha256').update(bytes).digest('hex') !== declared) {
    throw new S3Failure(400, 'XAmzContentSHA256Mismatch')
  }
  checkMd5(headers['content-md5'], bytes)
  return { bytes, checksum: checkChecksums({ ...headers, ...trailers }, bytes, rules) }
}

function declaredChecksum(headers: Readonly<Record<string, string>>): Payload['checksum'] {
  const name = checksumNames.find((known) => headers[`x-amz-checksum-${known}`] !== undefined)
  return name && { name, value: headers[`x-amz-checksum-${name}`] ?? '' }
}

function checkMd5(declared: string | undefined, bytes: Uint8Array): void {
  if (declared === undefined) return
  if (Buffer.from(declared, 'base64').length !== 16) throw new S3Failure(400, 'InvalidDigest')
  if (createHash('md5').update(bytes).digest('base64') !== declared) throw new S3Failure(400, 'BadDigest')
}

function checkChecksums(headers: Readonly<Record<string, string>>, bytes: Uint8Array, rules: PayloadRules): Payload['checksum'] {
  const given = checksumNames.filter((name) => headers[`x-amz-checksum-${name}`] !== undefined)
  const [name] = given
  if (given.length > 1) throw new S3Failure(400, 'InvalidRequest', { message: 'Expecting a single x-amz-checksum- header.' })
  const algorithm = headers['x-amz-sdk-checksum-algorithm']
  if (algorithm !== undefined && name !== undefined && algorithm.toLowerCase() !== name) throw new S3Failure(400, 'InvalidRequest')
  if (name === undefined) return undefined
  if (!rules.acceptsChecksums) throw new S3Failure(501, 'NotImplemented', { message: 'x-amz-checksum- is not known here' })
  const value = headers[`x-amz-checksum-${name}`] ?? ''
  if (checksumOf(name, bytes) !== value) throw new S3Failure(400, 'BadDigest', { message: `The ${name} you specified did not match the calculated checksum.` })
  return { name, value }
}

/** `<size hex>[;chunk-signature=..]\r\n<bytes>\r\n ... 0\r\n<trailer>:<value>\r\n\r\n` (Amazon S3 API reference, "Signature calculations ... chunked upload"). */
function decodeChunks({ headers, body }: HttpRequest): { bytes: Uint8Array; trailers: Record<string, string> } {
  if (!(headers['content-encoding'] ?? '').split(',').some((part) => part.trim() === 'aws-chunked')) throw new S3Failure(400, 'InvalidRequest')
  const raw = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const parts: Uint8Array[] = []
  let at = 0
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at)
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(raw.toString('latin1', at, lineEnd), 16)
    if (Number.isNaN(size) || lineEnd + 2 + size > raw.length) throw new S3Failure(400, 'IncompleteBody')
    at = lineEnd + 2 + size
    if (size === 0) break
    parts.push(raw.subarray(lineEnd + 2, at))
    at += 2
  }
  const bytes = new Uint8Array(Buffer.concat(parts))
  if (Number(headers['x-amz-decoded-content-length']) !== bytes.length) throw new S3Failure(400, 'IncompleteBody')
  return { bytes, trailers: readTrailers(raw.toString('latin1', at), headers['x-amz-trailer']) }
}

function readTrailers(text: string, announced: string | undefined): Record<string, string> {
  const lines = text.split('\r\n').filter((line) => line !== '')
  const trailers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  if (announced !== undefined && trailers[announced] === undefined) throw new S3Failure(400, 'MalformedTrailerError')
  return trailers
}
