import { createHash, type KeyObject, verify } from 'node:crypto'
import type { HttpRequest } from '../http/messages.ts'
import { GcsRefusal } from './answers.ts'
import { serviceAccountEmail } from './identities.ts'
import type { GcsState } from './model.ts'

const maxExpiresSeconds = 604_800

const refuse = (status: number, code: string, message: string): never => {
  throw new GcsRefusal({ status, reason: 'forbidden', code, message })
}

/** Whether the request brings its permission along, in its query. */
export function isSigned({ url }: HttpRequest): boolean {
  return url.searchParams.has('X-Goog-Signature')
}

/** Verifies a V4 signature (https://cloud.google.com/storage/docs/authentication/signatures). @throws GcsRefusal 400, 403 */
export function checkSignature(state: GcsState, request: HttpRequest, publicKey: KeyObject): void {
  const query = request.url.searchParams
  const date = query.get('X-Goog-Date') ?? ''
  const scope = `${date.slice(0, 8)}/auto/storage/goog4_request`
  if (query.get('X-Goog-Algorithm') !== 'GOOG4-RSA-SHA256') refuse(400, 'InvalidSignatureAlgorithm', 'X-Goog-Algorithm is GOOG4-RSA-SHA256.')
  if (query.get('X-Goog-Credential') !== `${serviceAccountEmail}/${scope}`) refuse(400, 'InvalidArgument', 'X-Goog-Credential does not fit.')
  checkTime(state, date, Number(query.get('X-Goog-Expires')))
  const text = ['GOOG4-RSA-SHA256', date, scope, createHash('sha256').update(canonicalRequest(request)).digest('hex')].join('\n')
  const signature = Buffer.from(query.get('X-Goog-Signature') ?? '', 'hex')
  if (!verify('RSA-SHA256', Buffer.from(text), publicKey, signature)) refuse(403, 'SignatureDoesNotMatch', 'Access denied.')
}

function checkTime(state: GcsState, date: string, expiresSeconds: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)
  if (match === null) return refuse(400, 'InvalidArgument', 'X-Goog-Date is malformed.')
  const signedAt = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(expiresSeconds >= 1 && expiresSeconds <= maxExpiresSeconds)) refuse(400, 'InvalidArgument', 'X-Goog-Expires is 1 to 604800.')
  if (signedAt > state.now() + 900_000) refuse(403, 'AccessDenied', 'The signature is not valid yet.')
  if (signedAt + expiresSeconds * 1000 <= state.now()) refuse(400, 'ExpiredToken', 'The provided token has expired.')
}

function canonicalRequest({ method, target, headers }: HttpRequest): string {
  const [path = '', query = ''] = target.split('?')
  const pairs = query.split('&').filter((pair) => !pair.startsWith('X-Goog-Signature='))
  const signedHeaders = decodeURIComponent(/(?:^|&)X-Goog-SignedHeaders=([^&]*)/.exec(query)?.[1] ?? '')
  const lines = signedHeaders.split(';').map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`)
  return [method, path, [...pairs].sort().join('&'), lines.join(''), signedHeaders, 'UNSIGNED-PAYLOAD'].join('\n')
}
