import { randomUUID } from 'node:crypto'
import { type HttpDouble, startGcsDouble, startS3Double } from '@nexus/doubles'

/** A service of buckets, as other processes reach it too. */
export interface BucketService {
  readonly scheme: 's3' | 'gcs'
  /** What a process needs in its environment to be let in; nothing of this machine's is found besides. */
  readonly env: Readonly<Record<string, string>>
  /** What a URI says of the service, as its query without `?`. */
  readonly query: string
  /** The authority of a bucket that holds nothing. @param options.keepsVersions Only where the service can */
  createBucket(options?: { readonly keepsVersions?: boolean | undefined }): Promise<string>
  close(): Promise<void>
}

/** A service in this process: what it is asked is counted, and goes wrong by script. */
export interface DoubleService extends BucketService {
  readonly http: HttpDouble
  /** Moves the service's clock forward, in milliseconds. */
  pass(ms: number): void
}

const noHome = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' }

/** The strict double of S3. */
export async function startS3Service(): Promise<DoubleService> {
  let ahead = 0
  const names = Array.from({ length: mostBuckets }, () => randomUUID())
  const http = await startS3Double({ buckets: names, now: () => Date.now() + ahead })
  const { accessKeyId, secretAccessKey } = http.account
  return {
    scheme: 's3',
    env: { ...noHome, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: 'us-east-1' },
    query: `endpoint=${http.url}&conditions=all`,
    createBucket: ({ keepsVersions = false } = {}) => {
      const name = taken(names)
      http.bucket(name).versioning = keepsVersions ? 'Enabled' : 'off'
      return Promise.resolve(name)
    },
    http,
    pass: (ms) => void (ahead += ms),
    close: () => http.close(),
  }
}

/** The strict double of GCS; it is its clients' metadata server too, from which they have their credentials. */
export async function startGcsService(): Promise<DoubleService> {
  let ahead = 0
  const names = Array.from({ length: mostBuckets }, () => randomUUID())
  // Its tokens outlive every jump of its clock.
  const http = await startGcsDouble({ buckets: names, now: () => Date.now() + ahead, tokenLifetimeSeconds: 10 ** 9 })
  return {
    scheme: 'gcs',
    env: { ...noHome, GCE_METADATA_HOST: new URL(http.url).host },
    query: `endpoint=${http.url}`,
    createBucket: ({ keepsVersions = false } = {}) => {
      const name = taken(names)
      http.bucket(name).versioning = keepsVersions
      return Promise.resolve(`project/${name}`)
    },
    http,
    pass: (ms) => void (ahead += ms),
    close: () => http.close(),
  }
}

const mostBuckets = 500

function taken(names: string[]): string {
  const name = names.pop()
  if (name === undefined) throw new Error(`The double has no further bucket; it began with ${mostBuckets}.`)
  return name
}

/** Where in a bucket, and in which layout. */
export interface BucketPlace {
  readonly bucket: string
  readonly prefix?: string | undefined
  readonly layout: 'cas' | 'path'
  /** Further options of the mount. */
  readonly options?: string | undefined
}

/** The URI of a mount, as a user writes it. */
export function bucketUri({ scheme, query }: BucketService, { bucket, prefix, layout, options }: BucketPlace): string {
  return `${scheme}://${bucket}${prefix === undefined ? '' : `/${prefix}`}?layout=${layout}&${query}${options === undefined ? '' : `&${options}`}`
}
