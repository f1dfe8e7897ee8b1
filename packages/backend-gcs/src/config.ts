import { type MountSpec, NexusError } from '@nexus/core/contract'

/** Where Google serves objects. */
const defaultEndpoint = 'https://storage.googleapis.com'
const storageClasses = ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'] as const

/** https://cloud.google.com/storage/docs/storage-classes */
export type StorageClass = (typeof storageClasses)[number]

/** Checked configuration of a GCS mount. */
export interface GcsConfig {
  /** For messages and mount points: a bucket's name is unique without it. */
  readonly projectId: string | undefined
  readonly bucket: string
  /** Empty, or ends in `/`. */
  readonly prefix: string
  /** File of credentials; without it they are looked for where Google's own tools look. */
  readonly credentialsPath: string | undefined
  /** Without slash at its end. */
  readonly endpoint: string
  /** No credentials are looked for or sent. */
  readonly anonymous: boolean
  /** Of objects that are written; the bucket's default without it. */
  readonly storageClass: StorageClass | undefined
}

const keys = ['projectId', 'bucket', 'prefix', 'credentialsPath', 'endpoint', 'anonymous', 'storageClass'] as const

/** `gcs://project/bucket/prefix?anonymous=true` as unchecked configuration. */
export function gcsFromUri({ authority, path, options }: MountSpec): unknown {
  const slash = authority.indexOf('/')
  return { ...options, projectId: authority.slice(0, slash), bucket: authority.slice(slash + 1), prefix: path }
}

/** Checks a configuration. @throws NexusError `invalid_config`, naming the key */
export function parseGcsConfig(input: unknown): GcsConfig {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return refuse('The configuration of a GCS mount is an object with at least "bucket".')
  const given = new Map<string, unknown>(Object.entries(input))
  for (const key of given.keys()) {
    if (!(keys as readonly string[]).includes(key)) refuse(`A GCS mount has no option "${key}"; it has ${keys.join(', ')}.`)
  }
  const config: GcsConfig = {
    projectId: text(given, 'projectId'),
    bucket: parseBucket(text(given, 'bucket')),
    prefix: parsePrefix(given.get('prefix')),
    credentialsPath: text(given, 'credentialsPath'),
    endpoint: parseEndpoint(text(given, 'endpoint') ?? defaultEndpoint),
    anonymous: parseFlag(given.get('anonymous')),
    storageClass: parseStorageClass(text(given, 'storageClass')),
  }
  if (config.anonymous && config.credentialsPath !== undefined) refuse('"anonymous" sends no credentials, and "credentialsPath" names some; give one of them.')
  return config
}

function text(given: ReadonlyMap<string, unknown>, key: (typeof keys)[number]): string | undefined {
  const value = given.get(key)
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  return refuse(`"${key}" is a text that is not empty.`)
}

/** https://cloud.google.com/storage/docs/buckets#naming */
function parseBucket(value: string | undefined): string {
  if (value !== undefined && /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(value)) return value
  return refuse(`"bucket" is the name of a bucket: 3 to 222 lower-case letters, digits, "-", "_" and ".", not ${value === undefined ? 'missing' : JSON.stringify(value)}.`)
}

function parsePrefix(value: unknown): string {
  if (value === undefined || value === '') return ''
  if (typeof value !== 'string') return refuse('"prefix" is a text.')
  const prefix = value.replace(/^\/+|\/+$/g, '')
  return prefix === '' ? '' : `${prefix}/`
}

function parseEndpoint(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isBase = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (!isBase) return refuse('"endpoint" is the base URL of a server, for example http://localhost:4443, without user, query and fragment.')
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** A URI's query gives the flag as text. */
function parseFlag(value: unknown): boolean {
  if (value === undefined || value === false || value === 'false') return false
  if (value === true || value === 'true') return true
  return refuse('"anonymous" is true or false.')
}

function parseStorageClass(value: string | undefined): StorageClass | undefined {
  const found = storageClasses.find((name) => name === value?.toUpperCase())
  if (value === undefined || found !== undefined) return found
  return refuse(`"storageClass" is one of ${storageClasses.join(', ')}, not ${JSON.stringify(value)}.`)
}

function refuse(reason: string): never {
  throw new NexusError('invalid_config', { op: 'mount', backend: 'gcs', reason })
}
