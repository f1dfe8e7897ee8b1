import { type MountSpec, NexusError } from '@nexus/core/contract'
import { describeValue, nearestName } from './describe-value.ts'

/** Where an S3 mount keeps its files and how it asks for them, checked. */
export interface S3Config {
  readonly bucket: string
  /** Empty, or ends in `/`. */
  readonly prefix: string
  /** Undefined: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, else found out from the bucket. */
  readonly region?: string | undefined
  /** Base URL of another server that speaks the same API. */
  readonly endpoint?: string | undefined
  /** `/bucket/key` instead of `bucket.host/key`; default: where an endpoint is given. */
  readonly forcePathStyle: boolean
  readonly profile?: string | undefined
  /** A shared credentials file in place of `~/.aws/credentials`. */
  readonly credentialsPath?: string | undefined
  readonly anonymous: boolean
  readonly keys?: S3Keys | undefined
  readonly storageClass?: string | undefined
  /** `AES256` (SSE-S3) or `aws:kms`; undefined: as the bucket says. */
  readonly encryption?: 'AES256' | 'aws:kms' | undefined
  readonly kmsKeyId?: string | undefined
  /** Which conditional writes the service has; `auto`: all on AWS, elsewhere create-only, proved before its first use. */
  readonly conditions: 'auto' | 'all' | 'absent' | 'none'
  /** Whether `x-amz-checksum-*` is sent; `auto`: until the service refuses it. */
  readonly checksums: 'auto' | 'always' | 'never'
}

/** A key given in the configuration. */
export interface S3Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

const names = [
  'bucket', 'prefix', 'region', 'endpoint', 'forcePathStyle', 'profile', 'credentialsPath', 'anonymous', 'accessKeyId', 'secretAccessKey', 'sessionToken',
  'storageClass', 'encryption', 'kmsKeyId', 'conditions', 'checksums',
] as const
type Name = (typeof names)[number]
type Given = Partial<Record<Name, unknown>>

/** The URI's part of the configuration: `s3://<bucket>/<prefix>` and the options. */
export function s3FromUri(spec: MountSpec): Record<string, unknown> {
  return { ...spec.options, bucket: spec.authority, ...(spec.path === '' ? {} : { prefix: spec.path }) }
}

/**
 * Checks the configuration of an S3 mount.
 * @throws NexusError `invalid_config` that names the key, and the nearest known one for an unknown key
 */
export function parseS3Config(input: unknown): S3Config {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return refuse(`The configuration of an s3 mount is an object { bucket, ... }, not ${describeValue(input)}.`)
  for (const key of Object.keys(input)) {
    if (!(names as readonly string[]).includes(key)) refuse(`Unknown key "${key}" of an s3 mount; did you mean "${nearestName(key, names)}"?`)
  }
  const given: Given = input
  const endpoint = parseEndpoint(text(given, 'endpoint'))
  const config: S3Config = {
    bucket: parseBucket(given.bucket),
    prefix: parsePrefix(given.prefix),
    region: text(given, 'region'),
    endpoint,
    forcePathStyle: flag(given, 'forcePathStyle', endpoint !== undefined),
    profile: text(given, 'profile'),
    credentialsPath: text(given, 'credentialsPath'),
    anonymous: flag(given, 'anonymous', false),
    keys: parseKeys(given),
    storageClass: parseStorageClass(text(given, 'storageClass')),
    ...parseEncryption(given),
    conditions: choice(given, 'conditions', ['auto', 'all', 'absent', 'none']) ?? 'auto',
    checksums: choice(given, 'checksums', ['auto', 'always', 'never']) ?? 'auto',
  }
  const beside = config.keys !== undefined ? 'accessKeyId' : config.profile !== undefined ? 'profile' : config.credentialsPath !== undefined ? 'credentialsPath' : undefined
  if (config.anonymous && beside !== undefined) refuse(`"anonymous" sends no credentials, and "${beside}" names some; leave one of them out.`)
  return config
}

function parseBucket(value: unknown): string {
  if (typeof value !== 'string') return refuse(`"bucket" is a name, for example "my-bucket", not ${describeValue(value)}.`)
  // Old buckets, and other services', may have upper case and underscores (Amazon S3 user guide, "Bucket naming rules"); an ARN names an access point.
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(value) || value.startsWith('arn:')) return value
  return refuse(`"${value}" is no name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens.`)
}

function parsePrefix(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value !== 'string') return refuse(`"prefix" is the beginning of keys, for example "data/2026", not ${describeValue(value)}.`)
  const inner = value.replace(/^\/+|\/+$/g, '')
  return inner === '' ? '' : `${inner}/`
}

function parseEndpoint(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) return refuse(`"endpoint" is a base URL, for example "http://127.0.0.1:9000", not "${value}".`)
  if (url.username !== '' || url.password !== '') return refuse('"endpoint" holds a name or password; give credentials by environment, profile or accessKeyId.')
  if (url.search !== '' || url.hash !== '') return refuse(`"endpoint" has no query and no "#" part; "${value}" has.`)
  return value.replace(/\/+$/, '')
}

function parseKeys(given: Given): S3Keys | undefined {
  const [accessKeyId, secretAccessKey, sessionToken] = [text(given, 'accessKeyId'), text(given, 'secretAccessKey'), text(given, 'sessionToken')]
  if (accessKeyId === undefined && secretAccessKey === undefined && sessionToken === undefined) return undefined
  if (accessKeyId === undefined || secretAccessKey === undefined) return refuse('"accessKeyId" and "secretAccessKey" go together; one of them is missing.')
  return { accessKeyId, secretAccessKey, sessionToken }
}

function parseStorageClass(value: string | undefined): string | undefined {
  if (value === undefined || /^[A-Z][A-Z0-9_]*$/.test(value)) return value
  return refuse(`"storageClass" is written as S3 names it, for example "STANDARD_IA", not "${value}".`)
}

function parseEncryption(given: Given): Pick<S3Config, 'encryption' | 'kmsKeyId'> {
  const kmsKeyId = text(given, 'kmsKeyId')
  const encryption = choice(given, 'encryption', ['AES256', 'aws:kms'])
  if (kmsKeyId !== undefined && encryption === 'AES256') return refuse('"kmsKeyId" is for "encryption": "aws:kms"; with "AES256" S3 keeps the key itself.')
  return { encryption: encryption ?? (kmsKeyId === undefined ? undefined : 'aws:kms'), kmsKeyId }
}

function text(given: Given, name: Name): string | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') return refuse(`"${name}" is a text, not ${describeValue(value)}.`)
  return value === '' ? refuse(`"${name}" is empty; leave it out.`) : value
}

/** `true` and `false` are texts in a URI. */
function flag(given: Given, name: Name, byDefault: boolean): boolean {
  const value = given[name]
  if (value === undefined) return byDefault
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : refuse(`"${name}" is true or false, not ${describeValue(value)}.`)
}

function choice<T extends string>(given: Given, name: Name, choices: readonly T[]): T | undefined {
  const value = text(given, name)
  const found = choices.find((known) => known === value)
  if (value !== undefined && found === undefined) return refuse(`"${name}" is ${choices.map((known) => `"${known}"`).join(' or ')}, not "${value}".`)
  return found
}

function refuse(reason: string): never {
  throw new NexusError('invalid_config', { op: 'mount', backend: 's3', reason })
}
