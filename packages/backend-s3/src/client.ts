import type { S3Client } from '@aws-sdk/client-s3'
import type { S3Config } from './config.ts'
import type { S3Sdk } from './context.ts'
import type { S3CredentialSource } from './credentials.ts'

/** A client, and what is asked of it beside its outputs. */
export interface CreatedClient {
  readonly sdk: S3Sdk
  readonly client: S3Client
  readonly answeredAt: (output: object) => Date
}

/** Whether the requests go to Amazon, whose behaviour needs no trying. */
export function isAmazon({ endpoint }: S3Config): boolean {
  return endpoint === undefined || /\.amazonaws\.com(?:\.cn)?$/.test(new URL(endpoint).hostname)
}

/**
 * Loads the SDK and makes a client of it: no retries of its own (requests go by the policy, which also ends those that stall), connections kept, checksums left to us.
 * @param source `undefined`: requests are not signed
 */
export async function createClient(config: S3Config, { region, source }: { region: string; source: S3CredentialSource | undefined }): Promise<CreatedClient> {
  const [sdk, { NodeHttpHandler }, http, https] = await Promise.all([import('@aws-sdk/client-s3'), import('@smithy/node-http-handler'), import('node:http'), import('node:https')])
  // How many wait for an answer the policy bounds; a body that is read slowly, or not at all, keeps its connection and must not keep others from theirs.
  const agent = { keepAlive: true, maxFreeSockets: 64 }
  const requestHandler = new NodeHttpHandler({ connectionTimeout: 10_000, httpAgent: new http.Agent(agent), httpsAgent: new https.Agent(agent) })
  const client = new sdk.S3Client({
    region,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    forcePathStyle: config.forcePathStyle,
    ...(source === undefined ? { signer: unsigned, credentials: noCredentials } : { credentials: source }),
    maxAttempts: 1,
    requestHandler,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: false,
    // AWS_ENDPOINT_URL of the environment would send the mount of a URI elsewhere unseen.
    ignoreConfiguredEndpointUrls: true,
  })
  removeIdle(client)
  setHeaders(client)
  return { sdk, client, answeredAt: rememberDates(client) }
}

const noCredentials = (): Promise<{ accessKeyId: string; secretAccessKey: string }> => Promise.resolve({ accessKeyId: '', secretAccessKey: '' })
const unsigned = { sign: <T>(request: T): Promise<T> => Promise.resolve(request) }

/** Steps of the SDK that have nothing to do here, and cost an eighth of a small request: it neither repeats nor logs, and says who asks in a word. */
const idle = ['retryMiddleware', 'loggerMiddleware', 'getUserAgentMiddleware', 'recursionDetectionMiddleware', 'regionRedirectMiddleware']
const userAgent = 'nexus-fs'

function removeIdle({ middlewareStack }: S3Client): void {
  for (const name of idle) middlewareStack.remove(name)
  // Signing finds its place by it.
  middlewareStack.add((next) => next, { step: 'finalizeRequest', name: 'retryMiddleware', priority: 'high' })
}

const asked = Symbol('the answer carries the checksum')

/**
 * The input of a GetObject whose answer is to carry the checksum. Asked for by hand: `ChecksumMode` would make the SDK check as well, in JavaScript and
 * through one more stream. The client sees to it, because a middleware of each command costs a tenth of a small request.
 */
export function askForChecksum<T extends object>(input: T): T {
  return { ...input, [asked]: true }
}

function setHeaders(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      headers['user-agent'] = userAgent
      // The SDK hands on a copy of the input, marks and all.
      if (asked in args.input) headers['x-amz-checksum-mode'] = 'ENABLED'
      return next(args)
    },
    { step: 'build', name: 'setHeaders' },
  )
}

/** Answers to a PUT tell no time but their own `Date`, which the SDK drops. */
function rememberDates(client: S3Client): (output: object) => Date {
  const dates = new WeakMap<object, string>()
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { headers } = result.response as { headers?: Readonly<Record<string, string>> }
      const { date } = headers ?? {}
      if (date !== undefined) dates.set(result.output, date)
      return result
    },
    { step: 'initialize', name: 'rememberDates' },
  )
  return (output) => {
    const told = dates.get(output)
    return told === undefined || Number.isNaN(Date.parse(told)) ? new Date() : new Date(told)
  }
}
