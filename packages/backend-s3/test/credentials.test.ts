import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudCredentialError, isNexusError } from '@nexus/core/contract'
import { type HttpDouble, startHttpDouble, startS3Double } from '@nexus/doubles'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { discoverCredentials, openS3Store, parseS3Config } from '../src/index.ts'
import { configFor, testContext } from './store-kit.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'nexus-s3-home-'))
  await mkdir(join(home, '.aws'))
})
afterEach(() => rm(home, { recursive: true }))

const inHome = (name: string, text: string): Promise<void> => writeFile(join(home, '.aws', name), text)

async function found(env: Record<string, string> = {}, options: object = {}): Promise<{ id: string | undefined; places: number; problems: (string | undefined)[] }> {
  const { source, looked } = await discoverCredentials(parseS3Config({ bucket: 'bucket', ...options }), testContext({ HOME: home, ...env }))
  return { id: (await source?.())?.accessKeyId, places: looked.length, problems: looked.map(({ problem }) => problem) }
}

const section = (name: string, id: string): string => `[${name}]\naws_access_key_id = ${id}\naws_secret_access_key=s\n`

describe('credentials are looked for', () => {
  it('in the configuration, the environment, ~/.aws/credentials, ~/.aws/config, in this order', async () => {
    await inHome('config', section('default', 'CONFIG'))
    expect(await found()).toMatchObject({ id: 'CONFIG', places: 3 })
    await inHome('credentials', section('default', 'SHARED'))
    expect(await found()).toMatchObject({ id: 'SHARED', places: 2 })
    const env = { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's' }
    expect(await found(env)).toMatchObject({ id: 'ENV', places: 1 })
    expect(await found(env, { accessKeyId: 'GIVEN', secretAccessKey: 's' })).toMatchObject({ id: 'GIVEN', places: 1 })
  })

  it('under the profile that is named, before the environment', async () => {
    await inHome('config', section('profile work', 'WORK'))
    await inHome('credentials', section('other', 'OTHER'))
    const env = { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's' }
    expect(await found(env, { profile: 'work' })).toMatchObject({ id: 'WORK', problems: ['it has no profile "work"', undefined] })
    expect(await found({ AWS_PROFILE: 'other' })).toMatchObject({ id: 'OTHER' })
  })

  it('with what was wrong at each place', async () => {
    await inHome('credentials', '[default]\naws_access_key_id = X\n')
    const { id, problems } = await found({ AWS_ACCESS_KEY_ID: 'ENV' })
    expect(id).toBeUndefined()
    expect(problems).toEqual([
      'AWS_SECRET_ACCESS_KEY is not set',
      'profile "default" has no aws_secret_access_key',
      'no such file',
      expect.stringContaining('are not set'),
      'AWS_EC2_METADATA_DISABLED is true',
    ])
  })

  it('in the container', async () => {
    const container: HttpDouble = await startHttpDouble({
      handle: () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ AccessKeyId: 'TASK', SecretAccessKey: 's', Token: 't', Expiration: '2099-01-01T00:00:00Z' }) }),
    })
    expect(await found({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${container.url}/creds` })).toMatchObject({ id: 'TASK', places: 4 })
    await container.close()
    expect(await found({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${container.url}/creds` })).toMatchObject({ id: undefined, places: 5 })
  })

  it('in what credential_process prints', async () => {
    const script = join(home, 'print.mjs')
    await writeFile(script, 'console.log(JSON.stringify({ Version: 1, AccessKeyId: "PROCESS", SecretAccessKey: "s" }))')
    await inHome('config', `[default]\ncredential_process = "${process.execPath}" "${script}"\n`)
    expect(await found()).toMatchObject({ id: 'PROCESS', places: 3 })
  })

  it.each([
    ['a process that fails', '[default]\ncredential_process = /nowhere/program\n', /program/],
    ['a session that nobody began', '[default]\nsso_session = work\nsso_account_id = 1\nsso_role_name = r\n[sso-session work]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = sso:account:access\n', /sso/i],
    ['a role of a profile that is missing', '[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = missing\n', /missing/],
    ['a token of web identity that is missing', '[default]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = /nowhere/token\n', /nowhere/],
  ])('and says what is wrong with %s', async (_, config, problem) => {
    await inHome('config', config)
    const { id, problems } = await found()
    expect(id).toBeUndefined()
    expect(problems[2]).toMatch(problem)
  })

  it('by web identity, and says what is wrong with it', async () => {
    const { id, problems } = await found({ AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token', AWS_ROLE_ARN: 'arn:aws:iam::1:role/r' })
    expect(id).toBeUndefined()
    expect(problems[3]).toMatch(/nowhere/)
  })

  it('and their lack fails at once, naming each place, before any request', async () => {
    const double = await startS3Double()
    const config = parseS3Config({ bucket: 'bucket', endpoint: double.url })
    const error = await openS3Store(config, testContext({ HOME: home })).catch((failure: unknown) => failure)
    expect(error).toBeInstanceOf(CloudCredentialError)
    expect(isNexusError(error, 'unauthenticated') && error.message).toContain(`${join(home, '.aws', 'credentials')}: no such file`)
    expect(double.requests.count()).toBe(0)
    await double.close()
  })
})

it('credentials that end while mounted are told as such, also to a write, and nothing is sent', async () => {
  const double = await startS3Double()
  const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = double.account
  const script = join(home, 'print.mjs')
  // Ends so soon that they are asked for again each time.
  const printed = JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey, Expiration: new Date(Date.now() + 60_000).toISOString() })
  await writeFile(script, `console.log(${JSON.stringify(printed)})`)
  await inHome('config', `[default]\ncredential_process = "${process.execPath}" "${script}"\n`)
  const store = await openS3Store(parseS3Config({ bucket: 'bucket', endpoint: double.url, conditions: 'all' }), testContext({ HOME: home }))
  await store.put('key', new Uint8Array())
  await writeFile(script, 'process.exit(1)')
  double.requests.clear()
  for (const call of [() => store.put('key', new Uint8Array()), () => store.head('key')]) {
    const error = await call().catch((failure: unknown) => failure)
    expect(error).toBeInstanceOf(CloudCredentialError)
    expect(String(error)).toContain('print.mjs')
  }
  expect(double.requests.count()).toBe(0)
  await store.close()
  await double.close()
})

it('anonymous=true reads a public bucket unsigned, and writes nothing', async () => {
  const double = await startS3Double()
  double.bucket().isPublic = true
  const signed = await openS3Store(parseS3Config(configFor(double)), testContext())
  await signed.put('key', new TextEncoder().encode('public'))
  const store = await openS3Store(parseS3Config({ bucket: 'bucket', endpoint: double.url, anonymous: 'true' }), testContext())
  expect((await store.head('key'))?.sizeBytes).toBe(6)
  await expect(store.put('other', new Uint8Array())).rejects.toSatisfy((error) => isNexusError(error, 'permission_denied'))
  await Promise.all([signed.close(), store.close()])
  await double.close()
})
