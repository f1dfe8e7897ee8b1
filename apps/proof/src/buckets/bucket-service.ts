import { randomUUID } from 'node:crypto'
import { type HttpDouble, startGcsDouble, startS3Double } from '@nexus/doubles'

/** A service of buckets, as other processes reach it too. */
export interface BucketService {
  readonly scheme: 's3' | 'gcs'
  /** What a process needs in its environment to be let in; nothing of this machine's is found besides. */
  readonly env: Readonly<Record<string, string>>
  /** What a URI says of the service, as its query without `?`. */
  readonly query: string
  /** What a mount of a repository needs to say besides. */
  readonly casOptions?: string | undefined
  /** The authority of a bucket that holds nothing. @param options.keepsVersions Only where the service can */
  createBucket(options?: { readonly keepsVersions?: boolean | undefined }): Promise<string>
  close(): Promise<void>
}

/** A service in this process: what it is asked is counted, and goes wrong by script. */
export interface DoubleService extends BucketService {
  readonly http: HttpDouble
  /** Makes everything that is stored older by so many milliseconds, as the service tells it. */
  age(ms: number): void
  /** Keys of the objects in a bucket. */
  keys(bucket: string): string[]
}

const noHome = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' }

/** The strict double of S3. */
export async function startS3Service(): Promise<DoubleService> {
  const names = Array.from({ length: mostBuckets }, () => randomUUID())
  const http = await startS3Double({ buckets: names })
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
    age: (ms) => {
      for (const { objects } of http.state.buckets.values()) {
        for (const [key, versions] of objects) objects.set(key, versions.map((version) => ({ ...version, modifiedAt: version.modifiedAt - ms })))
      }
    },
    keys: (bucket) => {
      const { objects } = http.bucket(bucket)
      return [...objects.keys()].filter((key) => objects.get(key)?.[0]?.isMarker === false)
    },
    close: () => http.close(),
  }
}

/** The strict double of GCS; it is its clients' metadata server too, from which they have their credentials. */
export async function startGcsService(): Promise<DoubleService> {
  const names = Array.from({ length: mostBuckets }, () => randomUUID())
  // Here its clock goes ahead, which signs nothing; its tokens outlive every jump.
  let ahead = 0
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
    age: (ms) => void (ahead += ms),
    keys: (bucket) => [...http.bucket(bucket.replace('project/', '')).objects].flatMap(([key, generations]) => (generations.some(({ timeDeleted }) => timeDeleted === undefined) ? [key] : [])),
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
  /** Default what is found there. */
  readonly layout?: 'cas' | 'path' | undefined
}

/** The URI of a mount, as a user writes it. */
export function bucketUri({ scheme, query, casOptions }: BucketService, { bucket, prefix, layout }: BucketPlace): string {
  const options = [...(layout === undefined ? [] : [`layout=${layout}`]), query, ...(layout === 'cas' && casOptions !== undefined ? [casOptions] : [])]
  return `${scheme}://${bucket}${prefix === undefined ? '' : `/${prefix}`}?${options.join('&')}`
}
