import { createHash } from 'node:crypto'
import type { GcsContext } from './context.ts'
import { failure } from './errors.ts'
import { checkKey } from './keys.ts'
import type { UrlSigner } from './token-source.ts'

const maxExpiresMs = 604_800_000

interface Presigning {
  readonly key: string
  readonly method: 'GET' | 'PUT'
  readonly expiresInMs: number
}

/** A URL that works without credentials until it expires: signed by the V4 process (https://cloud.google.com/storage/docs/access-control/signing-urls-manually). */
export async function presign({ config, now }: GcsContext, signer: UrlSigner, { key, method, expiresInMs }: Presigning): Promise<URL> {
  const place = { op: 'presign', key }
  checkKey(place)
  if (!(expiresInMs >= 1000 && expiresInMs <= maxExpiresMs)) throw failure('invalid_argument', place, 'expiresInMs is between a second and seven days.')
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) throw failure('unsupported', place, 'A URL cannot name an object with "." or ".." between slashes.')
  const base = new URL(`${config.endpoint}/${config.bucket}/${escapePath(key)}`)
  const date = new Date(now()).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${date.slice(0, 8)}/auto/storage/goog4_request`
  const query = [
    ['X-Goog-Algorithm', 'GOOG4-RSA-SHA256'],
    ['X-Goog-Credential', `${signer.email}/${scope}`],
    ['X-Goog-Date', date],
    ['X-Goog-Expires', String(Math.floor(expiresInMs / 1000))],
    ['X-Goog-SignedHeaders', 'host'],
  ].map(([name = '', value = '']) => `${name}=${escape(value)}`).join('&')
  const canonical = [method, base.pathname, query, `host:${base.host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const text = ['GOOG4-RSA-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const signature = await signer.sign(text)
  return new URL(`${base.href}?${query}&X-Goog-Signature=${Buffer.from(signature).toString('hex')}`)
}

/** All but the unreserved characters of RFC 3986. */
function escape(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function escapePath(key: string): string {
  return key.split('/').map(escape).join('/')
}
