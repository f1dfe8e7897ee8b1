import { CloudCredentialError, type CredentialPlace, type OpenContext } from '@nexus/core/contract'
import type { S3Config } from './config.ts'
import { profileName, readSections, sharedFiles } from './shared-files.ts'

/** Credentials, asked for again when they end. */
export type S3CredentialSource = () => Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string; readonly expiration?: Date }>

/** What discovery found, for `doctor`. */
export interface S3Discovery {
  /** In order; the one without a problem is the last. */
  readonly looked: readonly CredentialPlace[]
  /** Absent when no place has usable credentials. */
  readonly source?: S3CredentialSource | undefined
}

type World = Pick<OpenContext, 'env' | 'signal'>

/** Credentials that can be used, and what they are, in words without a secret. */
interface Usable {
  readonly source: S3CredentialSource
  readonly found: string
}
type Look = (config: S3Config, world: World) => Promise<Usable | string>

/** How long the metadata service of a machine that is none may be waited for, in milliseconds. */
const metadataTimeoutMs = 1000

/**
 * Looks for credentials in the order that users were promised: configuration, environment, `~/.aws/credentials`, `~/.aws/config`, EC2 and ECS metadata.
 * A profile that was named is looked for in the files only. Nothing is asked of S3 itself.
 */
export async function discoverCredentials(config: S3Config, world: World): Promise<S3Discovery> {
  const looked: CredentialPlace[] = []
  for (const [place, look] of places(config, world)) {
    world.signal?.throwIfAborted()
    const found = await look(config, world)
    if (typeof found !== 'string') return { looked: [...looked, { place, problem: undefined, found: found.found }], source: found.source }
    looked.push({ place, problem: found })
  }
  return { looked }
}

/** @throws CloudCredentialError that says each place looked at, and what was wrong there */
export async function findCredentials(config: S3Config, world: World): Promise<S3CredentialSource> {
  const { source, looked } = await discoverCredentials(config, world)
  if (source !== undefined) return source
  throw new CloudCredentialError(
    looked.map(({ place, problem }) => ({ place, problem: problem ?? '' })),
    { op: 'mount', path: `s3://${config.bucket}`, backend: 's3' },
  )
}

function places(config: S3Config, { env }: World): (readonly [string, Look])[] {
  if (config.keys !== undefined) return [['accessKeyId and secretAccessKey of the configuration', fromConfig]]
  const files = sharedFiles(config, env)
  const inFiles: (readonly [string, Look])[] = [
    [files.credentials, (...world) => fromFile(files.credentials, ...world)],
    [files.config, (...world) => fromFile(files.config, ...world)],
  ]
  if (config.profile !== undefined || config.credentialsPath !== undefined) return inFiles
  return [['AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', fromEnvironment], ...inFiles, ['ECS and EKS container credentials', fromContainer], ['EC2 instance metadata', fromInstance]]
}

const fromConfig: Look = ({ keys }) => Promise.resolve(keys === undefined ? 'not set' : fixed({ id: keys.accessKeyId, secret: keys.secretAccessKey, token: keys.sessionToken }))

const fromEnvironment: Look = (_, { env }) => {
  const [id, secret] = [env['AWS_ACCESS_KEY_ID'] ?? '', env['AWS_SECRET_ACCESS_KEY'] ?? '']
  if (id === '' && secret === '') return Promise.resolve('not set')
  if (id === '' || secret === '') return Promise.resolve(`${id === '' ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY'} is not set`)
  return Promise.resolve(fixed({ id, secret, token: env['AWS_SESSION_TOKEN'] }))
}

async function fromFile(path: string, config: S3Config, { env }: World): Promise<Usable | string> {
  const sections = await readSections(path)
  if (sections === undefined) return 'no such file'
  if (typeof sections === 'string') return sections
  const profile = profileName(config, env)
  const settings = sections[profile]
  if (settings === undefined) return `it has no profile "${profile}"`
  const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token: token } = settings
  if (id !== undefined && secret !== undefined) return fixed({ id, secret, token }, `, profile "${profile}"`)
  if (id !== undefined || secret !== undefined) return `profile "${profile}" has no ${id === undefined ? 'aws_access_key_id' : 'aws_secret_access_key'}`
  const delegate = Object.keys(delegates).find((name) => settings[name] !== undefined)
  if (delegate === undefined) return `profile "${profile}" has no aws_access_key_id`
  return fromProvider(`${delegates[delegate as keyof typeof delegates]}, profile "${profile}"`, async () => {
    const { fromIni, fromSSO, fromProcess } = await import('@aws-sdk/credential-providers')
    const files = sharedFiles(config, env)
    const init = { profile, filepath: files.credentials, configFilepath: files.config }
    if (settings['credential_process'] !== undefined) return fromProcess(init)
    if (settings['sso_session'] !== undefined || settings['sso_start_url'] !== undefined) return fromSSO(init)
    return fromIni(init)
  })
}

/** Settings by which a profile leaves its credentials to somebody else (AWS SDKs and Tools reference, "Standardized credential providers"). */
const delegates = {
  credential_process: 'what credential_process prints',
  sso_session: 'a session of IAM Identity Center',
  sso_start_url: 'a session of IAM Identity Center',
  web_identity_token_file: 'a role taken by web identity',
  role_arn: 'an assumed role',
  login_session: 'a session of `aws login`',
} as const

const fromContainer: Look = async (_, { env }) => {
  if (env['AWS_WEB_IDENTITY_TOKEN_FILE'] !== undefined && env['AWS_ROLE_ARN'] !== undefined) {
    const init = { webIdentityTokenFile: env['AWS_WEB_IDENTITY_TOKEN_FILE'], roleArn: env['AWS_ROLE_ARN'] }
    return fromProvider('a role taken by web identity', async () => (await import('@aws-sdk/credential-providers')).fromTokenFile(init))
  }
  const [relative, full] = [env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'], env['AWS_CONTAINER_CREDENTIALS_FULL_URI']]
  if (relative === undefined && full === undefined) return 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_WEB_IDENTITY_TOKEN_FILE are not set'
  const init = {
    timeout: metadataTimeoutMs,
    maxRetries: 0,
    ...(relative !== undefined && { awsContainerCredentialsRelativeUri: relative }),
    ...(full !== undefined && { awsContainerCredentialsFullUri: full }),
    ...(env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] !== undefined && { awsContainerAuthorizationToken: env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] }),
    ...(env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] !== undefined && { awsContainerAuthorizationTokenFile: env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] }),
  }
  return fromProvider('the role of the container', async () => (await import('@aws-sdk/credential-providers')).fromHttp(init))
}

const fromInstance: Look = async (_, { env }) => {
  if (env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') return 'AWS_EC2_METADATA_DISABLED is true'
  return fromProvider('the role of the instance', async () => (await import('@aws-sdk/credential-providers')).fromInstanceMetadata({ timeout: metadataTimeoutMs, maxRetries: 0 }))
}

/** A source that was asked once: what it cannot give now, it is not used for. */
async function fromProvider(found: string, load: () => Promise<S3CredentialSource>): Promise<Usable | string> {
  try {
    const source = await load()
    await source()
    return { source, found }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message.split('\n')[0] ?? error.name
  }
}

function fixed({ id, secret, token = '' }: { readonly id: string; readonly secret: string; readonly token?: string | undefined }, where = ''): Usable {
  const keys = { accessKeyId: id, secretAccessKey: secret, ...(token !== '' && { sessionToken: token }) }
  return { source: () => Promise.resolve(keys), found: `an access key${token === '' ? '' : ' with a session token'}${where}` }
}
