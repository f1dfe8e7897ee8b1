import type { OpenContext } from '@nexus/core/contract'
import { member, parseJson } from './read-refusal.ts'
import type { AccessToken } from './token-source.ts'

/** Who is not on Google's machines is told so quickly. */
const timeoutMs = 3000
const path = '/computeMetadata/v1/instance/service-accounts/default/token'

/** Where the metadata server is. */
export function metadataHost({ env }: Pick<OpenContext, 'env'>): string {
  const named = env['GCE_METADATA_HOST']
  return named === undefined || named === '' ? 'metadata.google.internal' : named
}

/** Why there is no token. */
export interface NoToken {
  /** A sentence. */
  readonly problem: string
  /** On a machine that has such a server: whether it may give one later. */
  readonly mayPass: boolean
}

/** A token of the machine's own service account (https://cloud.google.com/compute/docs/access/authenticate-workloads). @throws The signal's reason */
export async function askMetadataServer(context: OpenContext): Promise<AccessToken | NoToken> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = context.signal === undefined ? timeout : AbortSignal.any([timeout, context.signal])
  try {
    const response = await context.fetch(`http://${metadataHost(context)}${path}`, { headers: { 'metadata-flavor': 'Google' }, redirect: 'manual', signal })
    return toToken(response, await response.text(), context)
  } catch (error) {
    context.signal?.throwIfAborted()
    const how = timeout.aborted ? `no answer within ${timeoutMs / 1000} seconds` : `it cannot be reached (${error instanceof Error ? error.message : 'unknown reason'})`
    return { problem: `${how}; only machines of Google's have one`, mayPass: true }
  }
}

function toToken(response: Response, text: string, { now }: OpenContext): AccessToken | NoToken {
  if (response.status >= 500 || response.status === 429) return { problem: `it answered ${response.status}`, mayPass: true }
  if (response.headers.get('metadata-flavor') !== 'Google') return { problem: 'what answers there is not the metadata server', mayPass: false }
  if (!response.ok) return { problem: `it answered ${response.status}; give the machine a service account`, mayPass: false }
  const json = parseJson(text)
  const token = member(json, 'access_token')
  const seconds = member(json, 'expires_in')
  if (typeof token !== 'string' || typeof seconds !== 'number') return { problem: 'it answered without a token', mayPass: false }
  return { token, expiresAt: now() + seconds * 1000 }
}
