import { CloudCredentialError, NexusError, type OpenContext } from '@nexus/core/contract'
import type { AuthClient, ExternalAccountClientOptions } from 'google-auth-library'
import { checkCredentials, type CredentialFile } from './credential-file.ts'
import { member } from './read-refusal.ts'
import type { AccessToken } from './token-source.ts'

const scope = 'https://www.googleapis.com/auth/devstorage.read_write'
/** Impersonation and federation go through IAM, which knows only this one. */
const platformScope = 'https://www.googleapis.com/auth/cloud-platform'
const defaultLifetimeMs = 3_600_000

/** Asks Google for a token, once: with a fresh client of google-auth-library, which is loaded here and not before. */
export async function mintToken(file: CredentialFile, { place, context }: { readonly place: string; readonly context: OpenContext }): Promise<AccessToken> {
  const client = await createClient(file, context)
  try {
    const { token } = await client.getAccessToken()
    if (typeof token !== 'string' || token === '') throw new NexusError('unavailable', { op: 'mount', backend: 'gcs', reason: 'Google answered without an access token.' })
    return { token, expiresAt: client.credentials.expiry_date ?? context.now() + defaultLifetimeMs }
  } catch (error) {
    throw isOfSubject(file, error) ? subjectError(error, place) : toTokenError(error, place)
  }
}

async function createClient(file: CredentialFile, context: OpenContext): Promise<AuthClient> {
  const library = await import('google-auth-library')
  const transporter = new library.gaxios.Gaxios({ fetchImplementation: context.fetch })
  // The library repeats what fails; the layers above do that, and would multiply it.
  transporter.interceptors.request.add({ resolved: (config) => Promise.resolve({ ...config, retry: false, retryConfig: { retry: 0 } }) })
  const { json } = file
  switch (file.type) {
    case 'service_account':
      return new library.JWT({ email: text(json, 'client_email'), key: text(json, 'private_key'), scopes: [scope], transporter })
    case 'authorized_user':
      return new library.UserRefreshClient({ clientId: text(json, 'client_id'), clientSecret: text(json, 'client_secret'), refreshToken: text(json, 'refresh_token'), transporter })
    case 'external_account': {
      const client = library.ExternalAccountClient.fromJSON({ ...json, scopes: [platformScope], transporter } as unknown as ExternalAccountClientOptions)
      if (client === null) throw new NexusError('unauthenticated', { op: 'mount', backend: 'gcs', reason: 'The external account names no source that Google knows.' })
      return client
    }
    case 'impersonated_service_account': {
      const targetPrincipal = /\/serviceAccounts\/([^/:]+):/.exec(text(json, 'service_account_impersonation_url'))?.[1] ?? ''
      return new library.Impersonated({ sourceClient: await createSource(json, context), targetPrincipal, targetScopes: [platformScope], transporter })
    }
  }
}

async function createSource(json: CredentialFile['json'], context: OpenContext): Promise<AuthClient> {
  const source = checkCredentials(json['source_credentials'], 'source_credentials')
  if (typeof source === 'string') throw new NexusError('unauthenticated', { op: 'mount', backend: 'gcs', reason: `${source}.` })
  return createClient(source, context)
}

function text(json: CredentialFile['json'], name: string): string {
  const value = json[name]
  return typeof value === 'string' ? value : ''
}

/** An external account has its subject's token from somewhere else, and what fails there is no request to Google. */
function isOfSubject({ type }: CredentialFile, error: unknown): boolean {
  return type === 'external_account' && !(error instanceof NexusError) && member(error, 'config') === undefined
}

/** The library's words may quote what is in the token's file. */
function subjectError(error: unknown, place: string): CloudCredentialError {
  const code = member(error, 'code')
  const why = typeof code === 'string' ? `cannot be read (${code})` : 'gives no token that can be used'
  return new CloudCredentialError([{ place, problem: `its credential_source ${why}` }], { op: 'mount', backend: 'gcs' })
}

/** The library's error is not passed on: it holds the request, and with it the assertion or refresh token. */
function toTokenError(error: unknown, place: string): NexusError {
  if (error instanceof NexusError) return error
  const response = member(error, 'response')
  const status = statusOf(response)
  const data = member(response, 'data')
  const described = member(data, 'error_description') ?? member(data, 'error')
  const said = typeof described === 'string' ? `: ${described}` : ''
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new CloudCredentialError([{ place, problem: `Google refuses it (${status}${said})` }], { op: 'mount', backend: 'gcs' })
  }
  const code = status === 429 ? 'rate_limited' : 'unavailable'
  const how = status === undefined ? 'cannot be reached' : `answered ${status}${said}`
  return new NexusError(code, { op: 'mount', backend: 'gcs', reason: `Google's token service ${how}. Try again later.` })
}

/** A `Response` keeps its status behind a getter of its prototype. */
function statusOf(response: unknown): number | undefined {
  if (typeof response !== 'object' || response === null || !('status' in response)) return undefined
  return typeof response.status === 'number' ? response.status : undefined
}
