import { homedir } from 'node:os'
import { join } from 'node:path'
import { CloudCredentialError, type OpenContext } from '@nexus/core/contract'
import type { GcsConfig } from './config.ts'
import { type CredentialFile, readCredentialFile } from './credential-file.ts'
import { mintToken } from './google-client.ts'
import { askMetadataServer, metadataHost } from './metadata-server.ts'
import { createTokenSource, type TokenSource } from './token-source.ts'

type Looked = CloudCredentialError['looked'][number]

const variable = 'GOOGLE_APPLICATION_CREDENTIALS'

/**
 * Finds credentials: `credentialsPath`; else `GOOGLE_APPLICATION_CREDENTIALS`, the file that gcloud leaves, the metadata server of Compute Engine, in
 * this order. What is there and broken ends the search: going on would act as somebody else than was meant.
 * @throws CloudCredentialError that names each place and what was wrong there
 */
export async function findCredentials(config: GcsConfig, context: OpenContext): Promise<TokenSource> {
  if (config.credentialsPath !== undefined) return fromFile(config.credentialsPath, { place: 'credentialsPath', looked: [], context })
  const named = context.env[variable]
  if (named !== undefined && named !== '') return fromFile(named, { place: variable, looked: [], context })
  const looked: Looked[] = [{ place: variable, problem: 'not set' }]
  const wellKnown = wellKnownFile(context)
  const file = await readCredentialFile(wellKnown)
  if (typeof file !== 'string' || !file.startsWith('there is no file')) return fromFile(wellKnown, { place: wellKnown, looked, context })
  looked.push({ place: wellKnown, problem: 'there is no such file; `gcloud auth application-default login` makes it' })
  return fromMetadataServer(looked, context)
}

interface Search {
  readonly place: string
  readonly looked: readonly Looked[]
  readonly context: OpenContext
}

async function fromFile(path: string, { place, looked, context }: Search): Promise<TokenSource> {
  const file = await readCredentialFile(path)
  if (typeof file === 'string') throw new CloudCredentialError([...looked, { place, problem: file }], { op: 'mount', backend: 'gcs' })
  return createTokenSource({ mint: () => mintToken(file, { place: place === path ? path : `${place} (${path})`, context }), now: context.now, account: accountOf(file), signer: file.signer })
}

/** A service account has a name; what else there is differs in its own content. */
function accountOf({ json, signer }: CredentialFile): string {
  return signer?.email ?? JSON.stringify(json)
}

/** The first token is asked for at once: only that tells whether there is such a server. */
async function fromMetadataServer(looked: readonly Looked[], context: OpenContext): Promise<TokenSource> {
  const place = `Compute Engine metadata service (${metadataHost(context)})`
  const ask = async (): Promise<Exclude<Awaited<ReturnType<typeof askMetadataServer>>, string>> => {
    const answer = await askMetadataServer(context)
    if (typeof answer === 'string') throw new CloudCredentialError([...looked, { place, problem: answer }], { op: 'mount', backend: 'gcs' })
    return answer
  }
  const source = createTokenSource({ mint: ask, now: context.now, account: place })
  await source.token(context.signal)
  return source
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
