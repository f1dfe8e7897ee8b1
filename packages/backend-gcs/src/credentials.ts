import { homedir } from 'node:os'
import { join } from 'node:path'
import { CloudCredentialError, NexusError, type CredentialPlace, type OpenContext } from '@nexus/core/contract'
import type { GcsConfig } from './config.ts'
import { type CredentialFile, describeCredentials, readCredentialFile } from './credential-file.ts'
import { mintToken } from './google-client.ts'
import { askMetadataServer, metadataHost } from './metadata-server.ts'
import { type AccessToken, createTokenSource, type TokenSource } from './token-source.ts'

/** What the search found, for `doctor`. */
export interface GcsDiscovery {
  /** In order; the one without a problem is the last. */
  readonly looked: readonly CredentialPlace[]
  /** Absent when no place has usable credentials. */
  readonly source?: TokenSource | undefined
}

const variable = 'GOOGLE_APPLICATION_CREDENTIALS'

/**
 * Looks for credentials: `credentialsPath`; else `GOOGLE_APPLICATION_CREDENTIALS`, the file that gcloud leaves, the metadata server of Compute Engine, in
 * this order. What is there and broken ends the search: going on would act as somebody else than was meant. Of a file no token is asked for yet.
 */
export async function discoverCredentials(config: GcsConfig, context: OpenContext): Promise<GcsDiscovery> {
  if (config.credentialsPath !== undefined) return fromFile(config.credentialsPath, { place: 'credentialsPath', looked: [], context })
  const named = context.env[variable]
  if (named !== undefined && named !== '') return fromFile(named, { place: variable, looked: [], context })
  const looked: CredentialPlace[] = [{ place: variable, problem: 'not set' }]
  const wellKnown = wellKnownFile(context)
  const file = await readCredentialFile(wellKnown)
  if (typeof file !== 'string' || !file.startsWith('there is no file')) return fromFile(wellKnown, { place: wellKnown, looked, context })
  looked.push({ place: wellKnown, problem: 'there is no such file; `gcloud auth application-default login` makes it' })
  return fromMetadataServer(looked, context)
}

/** @throws CloudCredentialError that names each place and what was wrong there */
export async function findCredentials(config: GcsConfig, context: OpenContext): Promise<TokenSource> {
  const { source, looked } = await discoverCredentials(config, context)
  if (source === undefined) throw credentialError(looked)
  return source
}

function credentialError(looked: readonly CredentialPlace[]): CloudCredentialError {
  return new CloudCredentialError(looked.map(({ place, problem = '' }) => ({ place, problem })), { op: 'mount', backend: 'gcs' })
}

interface Search {
  readonly place: string
  readonly looked: readonly CredentialPlace[]
  readonly context: OpenContext
}

async function fromFile(path: string, { place, looked, context }: Search): Promise<GcsDiscovery> {
  const file = await readCredentialFile(path)
  if (typeof file === 'string') return { looked: [...looked, { place, problem: file }] }
  const found = `${describeCredentials(file)}${place === path ? '' : `, in ${path}`}`
  const source = createTokenSource({ mint: () => mintToken(file, { place: place === path ? path : `${place} (${path})`, context }), now: context.now, account: accountOf(file), signer: file.signer })
  return { looked: [...looked, { place, problem: undefined, found }], source }
}

/** A service account has a name; what else there is differs in its own content. */
function accountOf({ json, signer }: CredentialFile): string {
  return signer?.email ?? JSON.stringify(json)
}

/** The first token is asked for at once: only that tells whether there is such a server. */
async function fromMetadataServer(before: readonly CredentialPlace[], context: OpenContext): Promise<GcsDiscovery> {
  const place = `Compute Engine metadata service (${metadataHost(context)})`
  const first = await askMetadataServer(context)
  if ('problem' in first) return { looked: [...before, { place, problem: first.problem }] }
  let unused: AccessToken | undefined = first
  const mint = async (): Promise<AccessToken> => {
    // The signal is of the opening, which is over.
    const answer = unused ?? (await askMetadataServer({ ...context, signal: undefined }))
    unused = undefined
    if (!('problem' in answer)) return answer
    if (answer.mayPass) throw new NexusError('unavailable', { op: 'mount', backend: 'gcs', reason: `The ${place} gives no new token: ${answer.problem}. Try again later.` })
    throw credentialError([...before, { place, problem: answer.problem }])
  }
  return { looked: [...before, { place, problem: undefined, found: 'the service account of the machine' }], source: createTokenSource({ mint, now: context.now, account: place }) }
}

/** https://cloud.google.com/docs/authentication/application-default-credentials#personal */
function wellKnownFile({ env }: Pick<OpenContext, 'env'>): string {
  const name = 'application_default_credentials.json'
  const configured = env['CLOUDSDK_CONFIG']
  if (configured !== undefined && configured !== '') return join(configured, name)
  const appData = env['APPDATA']
  if (process.platform === 'win32' && appData !== undefined) return join(appData, 'gcloud', name)
  return join(env['HOME'] ?? homedir(), '.config', 'gcloud', name)
}
