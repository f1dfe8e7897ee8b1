import { NexusError } from '@nexus/core/contract'
import { at, type S3Context } from './context.ts'
import { toNexusError } from './errors.ts'

/** AWS Signature Version 4 ends after a week. */
const maxExpiresMs = 7 * 24 * 3600 * 1000

/** A URL by which whoever has it may read or write one object. @throws NexusError `invalid_argument` below a second or above a week, `unsupported` without credentials */
export async function presign(context: S3Context, key: string, { method, expiresInMs }: { readonly method: 'GET' | 'PUT'; readonly expiresInMs: number }): Promise<URL> {
  const refuse = (code: 'invalid_argument' | 'unsupported', reason: string): never => {
    throw new NexusError(code, { op: 'presign', path: key, backend: 's3', reason })
  }
  if (context.config.anonymous) return refuse('unsupported', 'A URL is signed with credentials, and this mount is anonymous.')
  if (!(expiresInMs >= 1000 && expiresInMs <= maxExpiresMs)) return refuse('invalid_argument', `expiresInMs is between 1,000 and ${maxExpiresMs} (a week), not ${expiresInMs}.`)
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner')
  const { sdk, client } = context
  const options = { expiresIn: Math.floor(expiresInMs / 1000) }
  try {
    const command = method === 'GET' ? new sdk.GetObjectCommand(at(context, key)) : new sdk.PutObjectCommand(at(context, key))
    return new URL(await getSignedUrl(client, command, options))
  } catch (error) {
    throw toNexusError(error, { op: 'presign', path: key })
  }
}
