import { type KeyObject, verify } from 'node:crypto'
import type { HttpAnswer, HttpRequest } from '../http/messages.ts'
import { jsonAnswer } from './answers.ts'
import { authorizedUser, serviceAccountEmail } from './identities.ts'
import { type GcsState, nextNumber } from './model.ts'

const audience = 'https://oauth2.googleapis.com/token'
/** Google refuses assertions whose clock is further away. */
const maxSkewSeconds = 300

/** Makes a token known. @param lifetimeSeconds Default that of the double. */
export function giveToken(state: GcsState, lifetimeSeconds: number = state.tokenLifetimeSeconds): string {
  const token = `ya29.${nextNumber(state)}`
  state.tokens.set(token, state.now() + lifetimeSeconds * 1000)
  return token
}

/** The token endpoint: service accounts (RFC 7523, as in https://developers.google.com/identity/protocols/oauth2/service-account) and refresh tokens. */
export function tokenEndpoint(state: GcsState, request: HttpRequest, publicKey: KeyObject): HttpAnswer {
  const form = new URLSearchParams(new TextDecoder().decode(request.body))
  const problem = form.get('grant_type') === 'refresh_token' ? refreshProblem(form) : assertionProblem(state, form, publicKey)
  if (problem !== undefined) return jsonAnswer({ error: problem.error, error_description: problem.description }, { status: problem.error === 'invalid_client' ? 401 : 400 })
  return answerToken(state)
}

/** The metadata server of Compute Engine (https://cloud.google.com/compute/docs/metadata/overview). */
export function metadataServer(state: GcsState, request: HttpRequest): HttpAnswer {
  if (request.headers['metadata-flavor'] !== 'Google') return { status: 403, body: 'Missing Metadata-Flavor:Google header.' }
  const answer = answerToken(state)
  return { ...answer, headers: { ...answer.headers, 'metadata-flavor': 'Google' } }
}

function answerToken(state: GcsState): HttpAnswer {
  return jsonAnswer({ access_token: giveToken(state), expires_in: state.tokenLifetimeSeconds, token_type: 'Bearer' })
}

interface Problem {
  readonly error: 'invalid_grant' | 'invalid_client' | 'unsupported_grant_type'
  readonly description: string
}

function refreshProblem(form: URLSearchParams): Problem | undefined {
  if (form.get('client_id') !== authorizedUser.client_id || form.get('client_secret') !== authorizedUser.client_secret) {
    return { error: 'invalid_client', description: 'The OAuth client was not found.' }
  }
  return form.get('refresh_token') === authorizedUser.refresh_token ? undefined : { error: 'invalid_grant', description: 'Token has been expired or revoked.' }
}

function assertionProblem(state: GcsState, form: URLSearchParams, publicKey: KeyObject): Problem | undefined {
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return { error: 'unsupported_grant_type', description: 'Invalid grant_type' }
  const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
  const isSigned = verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))
  if (!isSigned) return { error: 'invalid_grant', description: 'Invalid JWT Signature.' }
  return claimsProblem(state, JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>)
}

function claimsProblem(state: GcsState, { iss, aud, scope, iat, exp }: Record<string, unknown>): Problem | undefined {
  const nowSeconds = state.now() / 1000
  if (iss !== serviceAccountEmail) return { error: 'invalid_grant', description: 'Invalid grant: account not found' }
  if (aud !== audience || typeof scope !== 'string' || !scope.includes('https://www.googleapis.com/auth/')) return { error: 'invalid_grant', description: 'Invalid JWT: audience or scope.' }
  const isTimely = typeof iat === 'number' && typeof exp === 'number' && exp - iat <= 3600 && Math.abs(nowSeconds - iat) <= maxSkewSeconds && exp > nowSeconds
  return isTimely ? undefined : { error: 'invalid_grant', description: 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.' }
}
