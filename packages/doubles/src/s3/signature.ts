import { createHash, createHmac } from 'node:crypto'
import type { HttpRequest } from '../http/messages.ts'
import { S3Failure } from './error.ts'

/** A key that the double knows. */
export interface S3Account {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Temporary credentials: the token must come along. */
  readonly sessionToken?: string | undefined
  /** Temporary credentials that ended: `ExpiredToken`. */
  readonly expired?: boolean | undefined
}

/** What a signature is checked against. */
export interface SignatureRules {
  readonly accounts: readonly S3Account[]
  readonly region: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface Claim {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly date: string
  readonly token: string | undefined
  readonly payloadHash: string
  readonly expiresSeconds: number | undefined
}

const maxSkewMs = 15 * 60 * 1000

/**
 * Checks AWS Signature Version 4, in the header or in the query.
 * @returns Whether somebody signed; `false` is anonymous.
 * @throws S3Failure `AccessDenied`, `InvalidAccessKeyId`, `SignatureDoesNotMatch`, `RequestTimeTooSkewed`, `ExpiredToken`, `InvalidToken`, `AuthorizationHeaderMalformed`
 */
export function checkSignature(request: HttpRequest, rules: SignatureRules): boolean {
  const claim = request.url.searchParams.has('X-Amz-Signature') ? claimOfQuery(request) : claimOfHeader(request)
  if (claim === undefined) return false
  const [accessKeyId = '', day = '', region = '', service, terminator] = claim.credential.split('/')
  checkTime(claim, rules.now())
  const account = rules.accounts.find((known) => known.accessKeyId === accessKeyId)
  if (account === undefined) throw new S3Failure(403, 'InvalidAccessKeyId')
  if (account.expired === true) throw new S3Failure(400, 'ExpiredToken')
  if (account.sessionToken !== claim.token) throw new S3Failure(400, 'InvalidToken')
  if (region !== rules.region || service !== 's3' || terminator !== 'aws4_request' || !claim.date.startsWith(day)) {
    throw new S3Failure(400, 'AuthorizationHeaderMalformed', { message: `expecting '${rules.region}'`, headers: { 'x-amz-bucket-region': rules.region } })
  }
  checkSigned(request, claim)
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', claim.date, scope, sha256(canonicalRequest(request, claim))].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${account.secretAccessKey}`)
  if (hmac(key, toSign).toString('hex') !== claim.signature) throw new S3Failure(403, 'SignatureDoesNotMatch')
  return true
}

function claimOfHeader({ headers }: HttpRequest): Claim | undefined {
  const { authorization } = headers
  if (authorization === undefined) return undefined
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(authorization)
  const payloadHash = headers['x-amz-content-sha256']
  if (match === null || payloadHash === undefined) throw new S3Failure(400, 'AuthorizationHeaderMalformed')
  const [, credential = '', signedHeaders = '', signature = ''] = match
  return { credential, signedHeaders, signature, date: headers['x-amz-date'] ?? '', token: headers['x-amz-security-token'], payloadHash, expiresSeconds: undefined }
}

function claimOfQuery({ url, headers }: HttpRequest): Claim {
  const get = (name: string): string => url.searchParams.get(`X-Amz-${name}`) ?? ''
  if (get('Algorithm') !== 'AWS4-HMAC-SHA256' || headers['authorization'] !== undefined) throw new S3Failure(400, 'AuthorizationQueryParametersError')
  return {
    credential: get('Credential'),
    signedHeaders: get('SignedHeaders'),
    signature: get('Signature'),
    date: get('Date'),
    token: url.searchParams.get('X-Amz-Security-Token') ?? undefined,
    payloadHash: headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
    expiresSeconds: Number(get('Expires')),
  }
}

function checkTime({ date, expiresSeconds }: Claim, now: number): void {
  const signedAt = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (Number.isNaN(signedAt)) throw new S3Failure(403, 'AccessDenied', { message: 'AWS authentication requires a valid Date or x-amz-date header' })
  if (signedAt - now > maxSkewMs || (expiresSeconds === undefined && now - signedAt > maxSkewMs)) {
    throw new S3Failure(403, 'RequestTimeTooSkewed', { headers: { date: new Date(now).toUTCString() } })
  }
  if (expiresSeconds === undefined) return
  if (!(expiresSeconds >= 1 && expiresSeconds <= 604_800)) throw new S3Failure(400, 'AuthorizationQueryParametersError')
  if (now > signedAt + expiresSeconds * 1000) throw new S3Failure(403, 'AccessDenied', { message: 'Request has expired' })
}

/** Host and every x-amz- header must be signed. */
function checkSigned({ headers }: HttpRequest, { signedHeaders }: Claim): void {
  const signed = new Set(signedHeaders.split(';'))
  const missing = Object.keys(headers).filter((name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name))
  if (missing.length > 0) throw new S3Failure(403, 'AccessDenied', { message: `There were headers present in the request which were not signed: ${missing.join()}` })
}

function canonicalRequest({ method, target, headers }: HttpRequest, { signedHeaders, payloadHash }: Claim): string {
  const [path = '', query = ''] = target.split('?')
  const pairs = query.split('&').filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
  const canonicalQuery = pairs.map((pair) => [pair.split('=')[0] ?? '', pair.split('=').slice(1).join('=')].map(reencode).join('=')).sort(compare).join('&')
  const lines = signedHeaders.split(';').map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`)
  return [method, path.split('/').map(reencode).join('/'), canonicalQuery, lines.join(''), signedHeaders, payloadHash].join('\n')
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

function reencode(text: string): string {
  return encodeURIComponent(decodeURIComponent(text)).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest()
