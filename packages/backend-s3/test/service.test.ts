import { isNexusError } from '@nexus/core/contract'
import { type S3Double, startS3Double } from '@nexus/doubles'
import { withPrefix } from '@nexus/object-storage'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openS3Store, parseS3Config, s3Backend, type S3Limits, type S3Store } from '../src/index.ts'
import { configFor, testContext } from './store-kit.ts'

let double: S3Double
let stores: S3Store[]

beforeEach(async () => {
  stores = []
  double = await startS3Double()
})
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()))
  await double.close()
})

async function open(options: Readonly<Record<string, unknown>> = {}, limits: Partial<S3Limits> = {}): Promise<S3Store> {
  const store = await openS3Store(parseS3Config(configFor(double, options)), testContext(), { limits })
  stores.push(store)
  return store
}

const bytes = new TextEncoder().encode('hello')

/** As another program stored it. */
async function put(key: string, headers: Readonly<Record<string, string>>): Promise<void> {
  await (await open()).put(key, bytes)
  const { objects } = double.bucket()
  objects.set(key, (objects.get(key) ?? []).map((version) => ({ ...version, headers })))
}

describe('a presigned URL', () => {
  it('reads and writes one object without credentials, for its time', async () => {
    const store = await open()
    const put = await store.presign?.('a key', { method: 'PUT', expiresInMs: 60_000 })
    const got = await store.presign?.('a key', { method: 'GET', expiresInMs: 60_000 })
    if (put === undefined || got === undefined) throw new Error('It presigns nothing.')
    expect((await fetch(put, { method: 'PUT', body: bytes })).status).toBe(200)
    expect(await fetch(got).then((response) => response.text())).toBe('hello')
    const other = new URL(got.href.replace('a%20key', 'b'))
    expect((await fetch(other)).status).toBe(403)
    double.state.now = () => Date.now() + 61_000
    expect((await fetch(got)).status).toBe(403)
  })

  it('lasts a second to a week, and needs credentials', async () => {
    const store = await open()
    for (const expiresInMs of [0, 999, 8 * 24 * 3600 * 1000, Number.NaN]) {
      await expect(store.presign?.('key', { method: 'GET', expiresInMs })).rejects.toSatisfy((error) => isNexusError(error, 'invalid_argument'))
    }
    const anonymous = await openS3Store(parseS3Config({ bucket: 'bucket', endpoint: double.url, anonymous: true }), testContext())
    stores.push(anonymous)
    await expect(anonymous.presign?.('key', { method: 'GET', expiresInMs: 1000 })).rejects.toSatisfy((error) => isNexusError(error, 'unsupported'))
  })
})

it('an endpoint that only the environment names is not used, and the failure says so', async () => {
  // Nothing listens there; Amazon itself is never asked, because the region's name leads nowhere.
  const config = parseS3Config({ bucket: 'bucket', region: 'nowhere.invalid', accessKeyId: 'a', secretAccessKey: 'b' })
  const failure = await openS3Store(config, testContext({ AWS_ENDPOINT_URL: double.url }), { attempts: { calls: 1, steps: 1 } }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'unavailable' })
  expect(String(failure)).toContain(`AWS_ENDPOINT_URL is set, and a mount does not use it: say ?endpoint=${double.url}`)
  expect(double.requests.records).toEqual([])
})

describe('requests are signed', () => {
  it.each([
    ['a wrong secret', { secretAccessKey: 'wrong' }, 'unauthenticated', 'The signature does not match'],
    ['an unknown key', { accessKeyId: 'UNKNOWN' }, 'unauthenticated', 'doctor'],
    ['another region', { region: 'eu-west-1' }, 'invalid_config', 'The bucket is in us-east-1.'],
  ])('%s fails at the opening', async (_, options, code, reason) => {
    const error = await open(options).catch((failure: unknown) => failure)
    expect(isNexusError(error) ? [error.code, error.reason.includes(reason)] : error).toEqual([code, true])
  })

  it('with the token of temporary credentials, until they end', async () => {
    const temporary = { accessKeyId: 'TEMPORARY', secretAccessKey: 'secret', sessionToken: 'token' }
    double.state.accounts.push(temporary)
    const store = await open(temporary)
    await store.put('key', bytes)
    double.state.accounts.splice(0, double.state.accounts.length, { ...temporary, expired: true })
    await expect(store.get('key')).rejects.toThrow('The temporary credentials have ended')
  })

  it('with the time of the service from the second attempt on, when the clocks differ', async () => {
    const store = await open()
    double.state.now = () => Date.now() + 3_600_000
    double.requests.clear()
    await store.put('key', bytes)
    expect(double.requests.records.map(({ status }) => status)).toEqual([403, 200])
    // HEAD has no document that says why it was refused.
    double.state.now = () => Date.now() - 3_600_000
    double.requests.clear()
    expect(await store.head('key')).toBeDefined()
    expect(double.requests.records.map(({ status }) => status)).toEqual([403, 200])
  })
})

it('bodies that nobody reads hold up no other request', async () => {
  const store = await open()
  await store.put('long', new Uint8Array(1024 ** 2))
  const bodies = await Promise.all(Array.from({ length: 70 }, () => store.get('long')))
  expect(await store.put('key', bytes)).toMatchObject({ sizeBytes: 5 })
  for (const body of bodies) await body?.stream.cancel()
})

describe('what a mount says of new objects', () => {
  it('is sent with each of them', async () => {
    const store = await open({ storageClass: 'STANDARD_IA', encryption: 'AES256' })
    await store.put('key', bytes, { contentType: 'text/plain', metadata: { author: 'Jané' } })
    await store.copy('key', 'copy')
    for (const key of ['key', 'copy']) {
      const headers = double.bucket().objects.get(key)?.[0]?.headers
      expect(headers).toEqual({ 'content-type': 'text/plain', 'x-amz-storage-class': 'STANDARD_IA', 'x-amz-server-side-encryption': 'AES256' })
      expect(await store.head(key)).toMatchObject({ contentType: 'text/plain', metadata: { author: 'Jané' } })
    }
  })

  const described = { 'cache-control': 'no-cache', 'content-disposition': 'attachment', 'content-encoding': 'gzip', 'content-language': 'de', expires: 'Fri, 01 Jan 2027 00:00:00 GMT' }
  const told = { ...described, 'content-type': 'text/x', 'x-amz-storage-class': 'STANDARD_IA', 'x-amz-website-redirect-location': '/elsewhere' }

  it.each([
    ['a copy', 1000, {}],
    ['a copy with other attributes', 1000, { metadata: { a: '1' } }],
    ['a copy in parts', 3, {}],
  ])('%s keeps what else somebody said of the source, and its class', async (_, copyBytes, options) => {
    double.state.behaviour.minPartBytes = 1
    const store = await open({}, { copyBytes })
    await put('key', told)
    await store.copy('key', 'copy', options)
    expect(double.bucket().objects.get('copy')?.[0]).toMatchObject({ headers: told, metadata: 'metadata' in options ? { a: '1' } : {} })
  })

  it('goes before the class of the source of a copy, and a class that cannot be asked for is left out', async () => {
    await put('key', told)
    await (await open({ storageClass: 'GLACIER_IR' })).copy('key', 'copy')
    expect(double.bucket().objects.get('copy')?.[0]?.headers).toMatchObject({ 'x-amz-storage-class': 'GLACIER_IR' })
    await put('tiered', { 'x-amz-storage-class': 'TIER-1' })
    await (await open()).copy('tiered', 'copy')
    expect(double.bucket().objects.get('copy')?.[0]?.headers).not.toHaveProperty('x-amz-storage-class')
  })

  it('above 2 KB of attributes is refused', async () => {
    const store = await open()
    await expect(store.put('key', bytes, { metadata: { a: 'x'.repeat(2048) } })).rejects.toSatisfy((error) => isNexusError(error, 'invalid_argument'))
  })
})

describe('lifecycle', () => {
  const rule = (id: string, inner: string): string => `<Rule><ID>${id}</ID><Status>Enabled</Status>${inner}</Rule>`

  it('tells what rules do to objects, as seen from a prefix', async () => {
    const store = await open()
    expect(await store.lifecycle?.()).toEqual([])
    double.bucket().lifecycle = `<LifecycleConfiguration>${[
      rule('1', '<Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>30</Days></Expiration>'),
      rule('2', '<Prefix></Prefix><Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition>'),
      rule('3', '<Filter></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>'),
      rule('4', '<Filter></Filter><Expiration><Days>1</Days></Expiration>').replace('Enabled', 'Disabled'),
      rule('5', '<Filter><Prefix>a/</Prefix></Filter><Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>'),
      rule('6', '<Filter><And><Prefix>b/</Prefix><Tag><Key>tidy</Key><Value>yes</Value></Tag></And></Filter><Expiration><Days>2</Days></Expiration>'),
    ].join('')}</LifecycleConfiguration>`
    expect(await store.lifecycle?.()).toEqual([
      { id: '1', prefix: 'logs/', action: 'expire', afterDays: 30 },
      { id: '2', prefix: '', action: 'archive', afterDays: 90 },
      { id: '3', prefix: '', action: 'abort-uploads', afterDays: 7 },
      { id: '5', prefix: 'a/', action: 'other', afterDays: 30 },
      { id: '6', prefix: 'b/', action: 'other', afterDays: 2 },
    ])
    expect(await withPrefix(store, 'data/').lifecycle?.()).toHaveLength(2)
  })

  it('is unknown where one may not look', async () => {
    const store = await open()
    const denied = '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'
    double.faults.add({ action: { kind: 'answer', answer: { status: 403, headers: { 'content-type': 'application/xml' }, body: denied } } })
    expect(await store.lifecycle?.()).toBeUndefined()
  })
})

describe('s3Backend', () => {
  it('tells the layout of a bucket, and opens it', async () => {
    const config = parseS3Config(configFor(double, { prefix: 'data' }))
    expect(await s3Backend.detectLayout?.(config, testContext())).toBe('empty')
    const store = await open()
    await store.put('data/a.txt', bytes)
    expect(await s3Backend.detectLayout?.(config, testContext())).toBe('path')
    await store.put('data/nexus.json', new TextEncoder().encode('{"marker":"nexus-repository"}'))
    expect(await s3Backend.detectLayout?.(config, testContext())).toBe('cas')
    const stores = await s3Backend.openStore?.(config, testContext())
    expect(stores?.journal.name).toBe('s3://bucket/data')
    await stores?.journal.close()
  })

  it('of a bucket that is missing fails at the opening', async () => {
    const config = parseS3Config(configFor(double, { bucket: 'missing' }))
    await expect(s3Backend.open(config, testContext())).rejects.toThrow('The bucket does not exist')
  })

  it('of a public bucket only reads', async () => {
    double.bucket().isPublic = true
    const backend = await s3Backend.open(parseS3Config({ bucket: 'bucket', endpoint: double.url, anonymous: true }), testContext())
    expect(backend.capabilities).toMatchObject({ ifMatch: false, ifNoneMatch: false })
    await backend.close()
  })
})
