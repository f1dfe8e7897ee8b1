import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CloudCredentialError, isNexusError } from '@nexus/core/contract'
import { authorizedUser, type FaultAction, type GcsDouble, serviceAccountKey, startGcsDouble } from '@nexus/doubles'
import type { ObjectStore } from '@nexus/object-storage'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { parseGcsConfig } from '../src/config.ts'
import { openGcsObjectStore } from '../src/store.ts'
import { type KeyFile, readAll, testContext, writeKeyFile } from './open-test-store.ts'

let double: GcsDouble
let files: KeyFile[]

beforeEach(async () => {
  files = []
  double = await startGcsDouble()
})
afterEach(async () => {
  await double.close()
  for (const file of files) await file.remove()
})

async function file(content?: unknown): Promise<KeyFile> {
  const written = await writeKeyFile(content)
  files.push(written)
  return written
}

/** A home without credentials, so that nobody's own are found. */
async function open(env: Record<string, string>, options: Record<string, unknown> = {}): Promise<ObjectStore> {
  const home = await file('{}')
  return openGcsObjectStore(parseGcsConfig({ bucket: 'bucket', endpoint: double.url, ...options }), testContext(double, { HOME: home.directory, ...env }))
}

async function works(store: ObjectStore): Promise<void> {
  await store.put('a', new Uint8Array([1]))
  expect(await readAll(store, 'a')).toEqual(new Uint8Array([1]))
}

async function failure(opening: Promise<unknown>): Promise<CloudCredentialError> {
  const error: unknown = await opening.then(() => new Error('It opened.'), (reason: unknown) => reason)
  if (!isNexusError(error, 'unauthenticated') || error.name !== 'CloudCredentialError') throw error
  return error as unknown as CloudCredentialError
}

describe('credentials are found', () => {
  it('in the file that credentialsPath names, before all others', async () => {
    const { path } = await file()
    await works(await open({ GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' }, { credentialsPath: path }))
  })

  it('in the file that GOOGLE_APPLICATION_CREDENTIALS names', async () => {
    await works(await open({ GOOGLE_APPLICATION_CREDENTIALS: (await file(authorizedUser)).path }))
    expect(double.requests.count('token')).toBe(1)
  })

  it.each(['CLOUDSDK_CONFIG', 'HOME'])('in the file that gcloud leaves, found by %s', async (variable) => {
    const { directory } = await file(authorizedUser)
    await mkdir(join(directory, '.config', 'gcloud'), { recursive: true })
    await writeFile(join(directory, '.config', 'gcloud', 'application_default_credentials.json'), JSON.stringify(serviceAccountKey()))
    await works(await open({ [variable]: directory }))
  })

  it('at the metadata server', async () => {
    await works(await open({}))
    expect(double.requests.count('metadata')).toBe(1)
  })

  it('not at all, when access is anonymous', async () => {
    double.bucket().isPublic = true
    const store = await open({ GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' }, { anonymous: true })
    expect(await store.head('a')).toBeUndefined()
    await expect(store.put('a', new Uint8Array())).rejects.toMatchObject({ code: 'unauthenticated' })
    expect('presign' in store).toBe(false)
    expect([double.requests.count('token'), double.requests.count('metadata')]).toEqual([0, 0])
  })
})

describe('broken credentials are told with their place', () => {
  it('when there are none anywhere', async () => {
    const context = testContext({ fetch: () => Promise.reject(new TypeError('fetch failed')) }, { HOME: (await file('{}')).directory })
    const { looked, message } = await failure(openGcsObjectStore(parseGcsConfig({ bucket: 'bucket' }), context))
    expect(looked.map(({ place }) => place)).toEqual(['GOOGLE_APPLICATION_CREDENTIALS', expect.stringMatching(/\.config.gcloud.application_default_credentials\.json$/), 'Compute Engine metadata service (metadata.google.internal)'])
    expect(message).toContain('GOOGLE_APPLICATION_CREDENTIALS: not set')
    expect(message).toContain('it cannot be reached')
  })

  it.each([
    ['no JSON', '{', 'is no JSON object'],
    ['no type', {}, 'has no type'],
    ['a type that nobody knows', { type: 'magic' }, 'the type "magic"'],
    ['no key', { type: 'service_account', client_email: 'a@b' }, 'has no private_key'],
    ['a damaged key', { type: 'service_account', client_email: 'a@b', private_key: 'verysecret' }, 'is no RSA key'],
    ['no refresh token', { type: 'authorized_user', client_id: 'a', client_secret: 'b' }, 'has no refresh_token'],
  ])('%s', async (_, content, problem) => {
    const { path } = await file(content)
    const { looked, message } = await failure(open({ GOOGLE_APPLICATION_CREDENTIALS: path }))
    expect(looked).toEqual([{ place: 'GOOGLE_APPLICATION_CREDENTIALS', problem: expect.stringContaining(problem) as unknown }])
    expect(message).not.toContain('verysecret')
    expect(double.requests.count()).toBe(0)
  })

  it('no file, where one is named', async () => {
    expect((await failure(open({}, { credentialsPath: '/nowhere/key.json' }))).looked).toEqual([{ place: 'credentialsPath', problem: 'there is no file /nowhere/key.json' }])
  })

  it('a broken file of gcloud, and the metadata server is not asked to stand in', async () => {
    const { directory } = await file('{')
    const { looked } = await failure(open({ CLOUDSDK_CONFIG: directory }))
    expect(looked.map(({ problem }) => problem)).toEqual(['not set', expect.stringContaining('is no JSON object')])
    expect(double.requests.count('metadata')).toBe(0)
  })

  it('a refresh token that was revoked, without showing it', async () => {
    const { path } = await file({ ...authorizedUser, refresh_token: 'verysecret' })
    const error = await failure(open({ GOOGLE_APPLICATION_CREDENTIALS: path }))
    expect(error.message).toContain('Token has been expired or revoked.')
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('verysecret')
  })

  const external = (source: string): object => ({
    type: 'external_account', audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', token_url: 'https://sts.googleapis.com/v1/token', credential_source: { file: source, format: { type: 'json', subject_token_field_name: 'token' } },
  })

  it('an external account whose subject has no token', async () => {
    const { looked } = await failure(open({ GOOGLE_APPLICATION_CREDENTIALS: (await file(external('/nowhere/token'))).path }))
    expect(looked).toEqual([{ place: expect.stringContaining('GOOGLE_APPLICATION_CREDENTIALS (') as unknown, problem: 'its credential_source cannot be read (ENOENT)' }])
  })

  it('an external account whose subject has a damaged token, without showing it', async () => {
    const { path } = await file('verysecret')
    const error = await failure(open({ GOOGLE_APPLICATION_CREDENTIALS: (await file(external(path))).path }))
    expect(error.looked[0]?.problem).toBe('its credential_source gives no token that can be used')
    expect(JSON.stringify(error) + String(error.stack)).not.toContain('verysecret')
  })

  it('a clock that is wrong', async () => {
    const skewed = await startGcsDouble({ now: () => Date.now() + 3_600_000 })
    const config = parseGcsConfig({ bucket: 'bucket', endpoint: skewed.url, credentialsPath: (await file()).path })
    expect((await failure(openGcsObjectStore(config, testContext(skewed)))).message).toContain('Check your iat and exp values')
    await skewed.close()
  })
})

describe('tokens', () => {
  it('are asked for once, however many requests wait', async () => {
    const store = await open({ GOOGLE_APPLICATION_CREDENTIALS: (await file()).path })
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.head(`key-${index}`)))
    expect(double.requests.count('token')).toBe(1)
  })

  it('are replaced once when the service takes them no longer, in the middle of everything', async () => {
    const store = await open({ GOOGLE_APPLICATION_CREDENTIALS: (await file()).path })
    double.revokeTokens()
    await works(store)
    expect(double.requests.count('token')).toBe(2)
  })

  it('are replaced before they end', async () => {
    const brief = await startGcsDouble({ tokenLifetimeSeconds: 59 })
    const store = await openGcsObjectStore(parseGcsConfig({ bucket: 'bucket', endpoint: brief.url, credentialsPath: (await file()).path }), testContext(brief))
    await store.head('a')
    expect([brief.requests.count('token'), brief.requests.records.filter(({ status }) => status === 401)]).toEqual([2, []])
    await brief.close()
  })

  it('that never serve are told, and not asked for again and again', async () => {
    const store = await open({ GOOGLE_APPLICATION_CREDENTIALS: (await file()).path })
    double.faults.add({ when: ({ target }) => target.startsWith('/storage/'), times: 10, action: { kind: 'answer', answer: { status: 401 } } })
    double.requests.clear()
    await expect(store.head('a')).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(double.requests.count()).toBe(3)
  })

  it('whose service fails are unavailable, after as many requests as any', async () => {
    double.faults.add({ when: ({ target }) => target === '/token', times: 10, action: { kind: 'answer', answer: { status: 503 } } })
    await expect(open({ GOOGLE_APPLICATION_CREDENTIALS: (await file()).path })).rejects.toMatchObject({ code: 'unavailable' })
    expect(double.requests.count('token')).toBe(3)
  })
})

describe('tokens of the metadata server', () => {
  /** A store whose every request needs a new token, opened under a signal. */
  async function openBrief() {
    const brief = await startGcsDouble({ tokenLifetimeSeconds: 59 })
    onTestFinished(() => brief.close())
    const opening = new AbortController()
    const context = { ...testContext(brief, { HOME: (await file('{}')).directory }), signal: opening.signal }
    const store = await openGcsObjectStore(parseGcsConfig({ bucket: 'bucket', endpoint: brief.url }), context)
    const failing = (times: number, action: FaultAction): void => brief.faults.add({ when: ({ target }) => target.startsWith('/computeMetadata/'), times, action })
    return { brief, store, opening, failing }
  }

  it('are renewed after the signal of the opening was aborted', async () => {
    const { brief, store, opening } = await openBrief()
    opening.abort(new Error('The opening took too long.'))
    await works(store)
    expect(brief.requests.count('metadata')).toBeGreaterThan(1)
  })

  it.each<[string, FaultAction]>([
    ['answers 503', { kind: 'answer', answer: { status: 503 } }],
    ['answers 429', { kind: 'answer', answer: { status: 429 } }],
    ['cannot be reached', { kind: 'refuse' }],
  ])('are asked for again when it %s', async (_, action) => {
    const { brief, store, failing } = await openBrief()
    failing(1, action)
    expect(await store.head('a')).toBeUndefined()
    failing(9, action)
    await expect(store.head('a')).rejects.toMatchObject({ code: 'unavailable', reason: expect.stringContaining('metadata service') as unknown })
    expect(brief.faults.struck).toBe(4)
  })

  it('that it refuses to give any longer are told as such', async () => {
    const { store, failing } = await openBrief()
    failing(9, { kind: 'answer', answer: { status: 404, headers: { 'metadata-flavor': 'Google' } } })
    expect((await failure(store.head('a'))).looked.at(-1)?.problem).toContain('404')
  })
})
