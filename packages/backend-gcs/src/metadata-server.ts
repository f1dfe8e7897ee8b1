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

/** A token of the machine's own service account (https://cloud.google.com/compute/docs/access/authenticate-workloads). @returns A sentence that says why there is none */
export async function askMetadataServer(context: OpenContext): Promise<AccessToken | string> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = context.signal === undefined ? timeout : AbortSignal.any([timeout, context.signal])
  try {
    const response = await context.fetch(`http://${metadataHost(context)}${path}`, { headers: { 'metadata-flavor': 'Google' }, redirect: 'manual', signal })
    return toToken(response, await response.text(), context)
  } catch (error) {
    context.signal?.throwIfAborted()
    return timeout.aborted ? `no answer within ${timeoutMs / 1000} seconds; this is no machine of Google's` : `it cannot be reached (${error instanceof Error ? error.message : 'unknown reason'}); this is no machine of Google's`
  }
}

function toToken(response: Response, text: string, { now }: OpenContext): AccessToken | string {
  if (response.headers.get('metadata-flavor') !== 'Google') return 'what answers there is not the metadata server'
  if (!response.ok) return `it answered ${response.status}; give the machine a service account`
  const json = parseJson(text)
  const token = member(json, 'access_token')
  const seconds = member(json, 'expires_in')
  if (typeof token !== 'string' || typeof seconds !== 'number') return 'it answered without a token'
  return { token, expiresAt: now() + seconds * 1000 }
}
