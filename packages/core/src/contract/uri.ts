import { NexusError } from './errors.ts'
import { type Path, parsePath } from './paths.ts'

/** A mount's URI, taken apart. */
export interface MountSpec {
  readonly scheme: string
  /** `bucket`, `project/bucket`, `owner/repo`, or for `local` the whole path as written. */
  readonly authority: string
  /** Below the authority, without leading or trailing `/`; empty for `local`. */
  readonly path: string
  /** The query: mount options, spelt as in `options`. */
  readonly options: Readonly<Record<string, string>>
  /** Where it is mounted unless `at` says otherwise. */
  readonly mountPoint: Path
  /** What was written. */
  readonly uri: string
}

/** Segments of the authority by scheme; what is not listed has one. */
const authoritySegments: Readonly<Record<string, number>> = { gcs: 2, github: 2 }
const secretName = /secret|password|passwd|token|api_?key|access_?key|credential(?!s_?path$)|private_?key|signature/i

/**
 * Takes `scheme://authority/path?option=value` apart. Percent escapes are decoded once.
 * @param cwd Absolute directory that a relative `local://` path starts from; only its last segments name the mount point.
 * @throws NexusError `invalid_config` for a malformed URI, an empty authority, or a secret in the URI.
 */
export function parseUri(uri: string, { cwd = '/' }: { readonly cwd?: string } = {}): MountSpec {
  const shown = withoutSecrets(uri)
  const refuse = (reason: string): never => {
    throw new NexusError('invalid_config', { op: 'mount', path: shown, reason })
  }
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^?#]*)(?:\?([^#]*))?(#.*)?$/.exec(uri)
  if (match === null) return refuse('A mount is written scheme://authority/path?option=value, for example s3://bucket or local://./data.')
  const [, scheme = '', rawRest = '', rawQuery = '', fragment] = match
  if (fragment !== undefined) return refuse('A mount URI has no "#" part; write "%23" for the character.')
  const rest = decode(rawRest, refuse)
  const firstSegment = rest.slice(0, rest.indexOf('/') === -1 ? undefined : rest.indexOf('/'))
  if (scheme !== 'local' && firstSegment.includes('@')) return refuse('Secrets never ride in a URI; give credentials by environment, file or `nexus-fs auth`.')
  const options = parseQuery(rawQuery, refuse)
   
  if (/[\u0000-\u001f\u007f]/.test(rest)) return refuse('A mount URI has no control characters.')
  const { authority, path } = split(scheme, rest, refuse)
  return { scheme, authority, path, options, mountPoint: deriveMountPoint({ scheme, authority, path }, { cwd }), uri }
}

/**
 * The place that a URI gives itself: `s3://b/p` -> `/s3/b/p`, `gcs://project/bucket` -> `/gcs/bucket`, `local://./data` -> `/local/data`.
 * @throws NexusError `invalid_path` when the parts cannot be a path.
 */
export function deriveMountPoint(spec: Pick<MountSpec, 'scheme' | 'authority' | 'path'>, { cwd = '/' }: { readonly cwd?: string } = {}): Path {
  const authority = spec.scheme === 'gcs' ? spec.authority.slice(spec.authority.indexOf('/') + 1) : spec.authority
  const parts = `${authority}/${spec.path}`.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..' && !/^[A-Za-z]:$/.test(part))
  if (parts.length === 0 && spec.scheme === 'local') parts.push(...cwd.split(/[/\\]/).filter((part) => part !== '' && !/^[A-Za-z]:$/.test(part)).slice(-1))
  return parsePath(`/${[spec.scheme, ...parts].join('/')}`)
}

type Refuse = (reason: string) => never

function split(scheme: string, rest: string, refuse: Refuse): { authority: string; path: string } {
  if (scheme === 'local') {
    if (rest === '') return refuse('A local mount names a directory: local://./data or local:///srv/data.')
    return { authority: rest, path: '' }
  }
  const segments = rest.split('/')
  const count = authoritySegments[scheme] ?? 1
  const authority = segments.slice(0, count)
  if (authority.length < count || authority.includes('')) {
    return refuse(count === 1 ? `After ${scheme}:// comes a name.` : `After ${scheme}:// come two names, as in ${scheme}://${scheme === 'gcs' ? 'project/bucket' : 'owner/repo'}.`)
  }
  return { authority: authority.join('/'), path: segments.slice(count).join('/').replace(/^\/+|\/+$/g, '') }
}

function parseQuery(rawQuery: string, refuse: Refuse): Record<string, string> {
  const options: Record<string, string> = {}
  for (const pair of rawQuery.split('&').filter((part) => part !== '')) {
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals), refuse)
    if (secretName.test(name)) return refuse(`Secrets never ride in a URI: "${name}". Give credentials by environment, file or \`nexus-fs auth\`.`)
    if (Object.hasOwn(options, name)) return refuse(`The option "${name}" is given twice.`)
    Object.defineProperty(options, name, { value: equals === -1 ? 'true' : decode(pair.slice(equals + 1).replaceAll('+', ' '), refuse), enumerable: true })
  }
  return options
}

function decode(text: string, refuse: Refuse): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse(`"${text}" has a "%" that begins no escape; write "%25" for the character.`)
  }
}

/** What may be shown of a URI in messages and logs. */
function withoutSecrets(uri: string): string {
  return uri.replace(/\/\/[^/?#]*@/, '//***@').replace(/([?&][^=&#]*)=([^&#]*)/g, (pair, name: string) => (secretName.test(name) ? `${name}=***` : pair))
}
