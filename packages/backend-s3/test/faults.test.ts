import { isNexusError } from '@nexus/core/contract'
import { damaged, type FaultAction, type HttpAnswer, lengthened, shortened } from '@nexus/doubles'
import { afterEach, describe, expect, it } from 'vitest'
import { collect, openTestStore, patterned, streamOf, type TestStore, type TestStoreOptions } from './store-kit.ts'

let test: TestStore

afterEach(() => test.close())

const open = async (options?: TestStoreOptions): Promise<TestStore> => (test = await openTestStore(options))
const bytes = patterned(200_000)

/** The code that a call fails with; `kept` where it succeeds. */
async function outcome(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'kept'
  } catch (error) {
    if (isNexusError(error)) return error.code
    throw error
  }
}

async function readKey(): Promise<Uint8Array> {
  const body = await test.store.get('key')
  if (body === undefined) throw new Error('It is gone.')
  return collect(body.stream)
}

const answer = (status: number, code: string, headers: Record<string, string> = {}): FaultAction => ({
  kind: 'answer',
  answer: { status, headers: { 'content-type': 'application/xml', ...headers }, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said so</Message></Error>` },
})

describe('a read that something happens to', () => {
  it.each<[string, FaultAction, string]>([
    ['status 500', answer(500, 'InternalError'), 'unavailable'],
    ['SlowDown', answer(503, 'SlowDown'), 'rate_limited'],
    ['expired credentials', answer(400, 'ExpiredToken'), 'unauthenticated'],
    ['an unknown key', answer(403, 'InvalidAccessKeyId'), 'unauthenticated'],
    ['a denial', answer(403, 'AccessDenied'), 'permission_denied'],
    ['skewed clocks', answer(403, 'RequestTimeTooSkewed'), 'unavailable'],
    ['another region', answer(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }), 'invalid_config'],
    ['a missing bucket', answer(404, 'NoSuchBucket'), 'unavailable'],
    ['an unheard-of error', answer(418, 'Teapot'), 'unexpected'],
    ['a page of a proxy', { kind: 'answer', answer: { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' } }, 'unavailable'],
    ['a redirect to another host', { kind: 'redirect', baseUrl: 'http://127.0.0.1:9', status: 307 }, 'unavailable'],
    ['a short body', { kind: 'change', change: shortened(10) }, 'short'],
    ['a long body', { kind: 'change', change: lengthened(10) }, 'corrupt'],
    ['a damaged body', { kind: 'change', change: damaged() }, 'corrupt'],
    ['a reset at byte 70,000', { kind: 'cut', afterBytes: 70_000, how: 'reset' }, 'unavailable'],
    ['an end at byte 70,000', { kind: 'cut', afterBytes: 70_000, how: 'end' }, 'unavailable'],
    ['a stall at byte 70,000', { kind: 'stall', afterBytes: 70_000 }, 'timeout'],
    ['a stall before the first header', { kind: 'stall', afterBytes: 0, headers: false }, 'timeout'],
    ['a lost answer', { kind: 'lose' }, 'unavailable'],
  ])('%s fails, and never ends as if it were whole', async (_, action, code) => {
    const { store, double } = await open({ limits: { idleTimeoutMs: 500 } })
    await store.put('key', bytes)
    double.faults.add({ when: ({ method }) => method === 'GET', action })
    double.requests.clear()
    expect([code === 'short' ? ['corrupt', 'unavailable'] : code].flat()).toContain(await outcome(readKey))
    expect([double.faults.struck, double.requests.count()]).toEqual([1, 1])
    expect(Buffer.compare(await readKey(), bytes)).toBe(0)
  })

  it('tells how long to wait, and which region it is', async () => {
    const { store, double } = await open()
    double.faults.add({ action: answer(503, 'SlowDown', { 'retry-after': '7' }) })
    await expect(store.get('key')).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 7000 })
    double.faults.add({ action: answer(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }) })
    await expect(store.get('key')).rejects.toThrow('The bucket is in eu-west-1.')
  })

  it('comes one byte at a time and is right', async () => {
    const { store, double } = await open()
    await store.put('key', bytes.subarray(0, 20))
    double.faults.add({ action: { kind: 'slow', bytesPerSecond: 1000 } })
    expect(await readKey()).toEqual(bytes.subarray(0, 20))
  })

  it('is refused when the service gives another range than asked', async () => {
    const { store, double } = await open()
    await store.put('key', bytes)
    double.faults.add({ action: { kind: 'change', change: (whole) => ({ ...whole, status: 200, headers: { etag: '"x"' }, body: bytes }) } })
    await expect(store.get('key', { range: { offset: 5, length: 10 } })).rejects.toMatchObject({ code: 'unexpected' })
  })

  it('of a range behind the end gives bytes and length of one state, also when the object grows meanwhile', async () => {
    const { store, double } = await open()
    await store.put('key', bytes.subarray(0, 10))
    await store.put('longer', bytes)
    const { objects } = double.bucket()
    const grow = (answered: HttpAnswer): HttpAnswer => {
      objects.set('key', objects.get('longer') ?? [])
      return answered
    }
    const range = { offset: 100, length: 10 }
    expect((await store.get('key', { range }))?.info.sizeBytes).toBe(10)
    double.faults.add({ when: ({ method }) => method === 'GET', action: { kind: 'change', change: grow } })
    const body = await store.get('key', { range })
    if (body === undefined) throw new Error('It is gone.')
    expect([double.faults.struck, body.info.sizeBytes, await collect(body.stream)]).toEqual([1, bytes.length, bytes.slice(100, 110)])
  })

  it('is checked against CRC64NVME, which S3 computes for what came without a checksum', async () => {
    const { store, double } = await open({ config: { checksums: 'never' } })
    await store.put('key', bytes)
    expect(Buffer.compare(await readKey(), bytes)).toBe(0)
    double.faults.add({ action: { kind: 'change', change: damaged() } })
    expect(await outcome(readKey)).toBe('corrupt')
  })
})

describe('a write that something happens to', () => {
  it.each<[string, FaultAction, string, boolean]>([
    ['status 500', answer(500, 'InternalError'), 'outcome_unknown', false],
    ['SlowDown', answer(503, 'SlowDown'), 'rate_limited', false],
    ['a conflict', answer(409, 'ConditionalRequestConflict'), 'busy', false],
    ['a failed condition', answer(412, 'PreconditionFailed'), 'precondition_failed', false],
    ['a lost answer', { kind: 'lose' }, 'outcome_unknown', true],
    ['a stall', { kind: 'stall', afterBytes: 0, headers: false }, 'outcome_unknown', true],
    ['a refused connection', { kind: 'refuse' }, 'outcome_unknown', false],
    ['a redirect to another host', { kind: 'redirect', baseUrl: 'http://127.0.0.1:9', status: 307 }, 'unavailable', false],
  ])('%s is told for what it is', async (_, action, code, happened) => {
    const { store, double } = await open({ limits: { idleTimeoutMs: 500 } })
    double.faults.add({ action })
    expect(await outcome(() => store.put('key', bytes))).toBe(code)
    expect([double.faults.struck, double.requests.count()]).toEqual([1, 1])
    expect((await store.head('key')) !== undefined).toBe(happened)
  })

  it('an unreachable server took no write', async () => {
    const { store, double } = await open()
    await double.close()
    test = { ...test, close: () => store.close() }
    // The connection that was kept may have taken the request with it; one that cannot be made took none.
    expect(['outcome_unknown', 'unavailable']).toContain(await outcome(() => store.put('key', bytes)))
    expect(await outcome(() => store.put('key', bytes))).toBe('unavailable')
  })

  it('sends a checksum along, which the service keeps', async () => {
    const { store, double } = await open()
    await store.put('key', bytes)
    const [stored] = double.bucket().objects.get('key') ?? []
    expect(stored?.checksum).toMatchObject({ name: 'crc32', type: 'FULL_OBJECT' })
  })
})

describe('a copy or an upload in parts that something happens to', () => {
  const long = patterned(5 * 1024 ** 2 * 2 + 1000)
  const limits = { partBytes: 5 * 1024 ** 2, idleTimeoutMs: 500 }

  it.each(['UploadPart', 'CompleteMultipartUpload', 'CreateMultipartUpload'])('%s that fails leaves nothing, and aborts', async (kind) => {
    const { store, double } = await open({ limits })
    const isKind = { CreateMultipartUpload: /\?uploads/, UploadPart: /partNumber=2/, CompleteMultipartUpload: /\?uploadId=/ }[kind] ?? /^$/
    double.faults.add({ when: ({ target, method }) => isKind.test(target) && method !== 'DELETE', action: answer(503, 'SlowDown') })
    expect(await outcome(() => store.putStream('key', streamOf(long)))).toBe('rate_limited')
    expect(double.faults.struck).toBe(1)
    expect(double.bucket().uploads.size).toBe(0)
    expect(await store.head('key')).toBeUndefined()
  })

  it('an answer 200 with an error in its body is a failure', async () => {
    const { store, double } = await open({ limits })
    const failing = { status: 200, headers: { 'content-type': 'application/xml' }, body: '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>x</Message></Error>' }
    double.faults.add({ when: ({ method, target }) => method === 'POST' && target.includes('uploadId='), action: { kind: 'answer', answer: failing } })
    expect(await outcome(() => store.putStream('key', streamOf(long)))).toBe('outcome_unknown')
    await store.put('source', bytes)
    double.faults.add({ when: ({ headers }) => headers['x-amz-copy-source'] !== undefined, action: { kind: 'answer', answer: failing } })
    expect(await outcome(() => store.copy('source', 'target'))).toBe('outcome_unknown')
    expect(double.faults.struck).toBe(2)
    expect([await store.head('key'), await store.head('target')]).toEqual([undefined, undefined])
  })

  it('parts go several at once, and no more', async () => {
    const { store, double } = await open({ double: { behaviour: { minPartBytes: 1 } }, limits: { partBytes: 100_000, partsAtOnce: 3 } })
    const whole = patterned(2_050_000)
    const info = await store.putStream('key', streamOf(whole, 33_333))
    expect(info).toMatchObject({ sizeBytes: whole.length })
    expect(double.requests.count('UploadPart')).toBe(21)
    expect(double.requests.mostConcurrent).toBeLessThanOrEqual(3)
    expect(double.requests.mostConnections).toBe(3)
    expect(Buffer.compare(await readKey(), whole)).toBe(0)
    expect(double.bucket().objects.get('key')?.[0]?.checksum).toMatchObject({ name: 'crc32', type: 'FULL_OBJECT' })
  })

  it('a service that knows checksums of parts alone takes uploads in parts, and vouches for none of them', async () => {
    const { store } = await open({ double: { behaviour: { wholeChecksums: false } }, limits })
    let verified = 0
    await store.putStream('key', streamOf(long), { onVerified: () => void (verified += 1) })
    expect([Buffer.compare(await readKey(), long), verified]).toEqual([0, 0])
  })

  it('a checksum of the parts that does not say so is none of the whole', async () => {
    const { store, double } = await open({ limits })
    let verified = 0
    const change = (answered: HttpAnswer): HttpAnswer => ({
      ...answered,
      body: String(answered.body).replace(/<ChecksumCRC32>.*<\/ChecksumType>/, '<ChecksumCRC32>AAAAAA==-3</ChecksumCRC32>'),
    })
    double.faults.add({ when: ({ method, target }) => method === 'POST' && target.includes('uploadId='), action: { kind: 'change', change } })
    await store.putStream('key', streamOf(long), { onVerified: () => void (verified += 1) })
    expect([double.faults.struck, verified]).toEqual([1, 0])
  })

  it('an object above the limit is copied by ranges, of one state', async () => {
    const { store, double } = await open({ double: { behaviour: { minPartBytes: 1, maxSingleBytes: 150_000 } }, limits: { copyBytes: 60_000, partBytes: 100_000 } })
    await store.putStream('source', streamOf(bytes), { metadata: { a: '1' }, contentType: 'text/x' })
    expect(await store.copy('source', 'key')).toMatchObject({ sizeBytes: bytes.length, metadata: { a: '1' }, contentType: 'text/x' })
    expect(double.requests.count('UploadPartCopy')).toBe(4)
    expect(Buffer.compare(await readKey(), bytes)).toBe(0)
    double.faults.add({ when: ({ target }) => target.includes('partNumber=3'), action: answer(412, 'PreconditionFailed') })
    expect(await outcome(() => store.copy('source', 'other'))).toBe('busy')
    expect([double.bucket().uploads.size, await store.head('other')]).toEqual([0, undefined])
  })
})

describe('a listing that something happens to', () => {
  it('a service that repeats itself is found out', async () => {
    const { store, double } = await open({ double: { behaviour: { maxKeys: 2 } } })
    for (const key of ['a', 'b', 'c', 'd', 'e']) await store.put(key, new Uint8Array())
    const firstPage: { body?: string } = {}
    double.faults.add({ action: { kind: 'change', change: (page) => (typeof page.body === 'string' && (firstPage.body = page.body), page) } })
    double.faults.add({ action: { kind: 'change', change: (page) => ({ ...page, body: firstPage.body }) } })
    const keys: string[] = []
    const walk = async (): Promise<void> => {
      for await (const { objects } of store.list({ prefix: '' })) keys.push(...objects.map(({ key }) => key))
    }
    expect(await outcome(walk)).toBe('unexpected')
    expect(keys).toEqual(['a', 'b'])
  })

  it('one prefix that is denied is an error, and no empty directory', async () => {
    const { store, double } = await open()
    double.bucket().deniedPrefixes.add('secret/')
    await store.put('open/a', new Uint8Array())
    const walk = (prefix: string): Promise<unknown> => Array.fromAsync(store.list({ prefix }))
    expect([await outcome(() => walk('open/')), await outcome(() => walk('secret/'))]).toEqual(['kept', 'permission_denied'])
    expect(await outcome(() => store.delete(['open/a', 'secret/b']))).toBe('permission_denied')
    expect(await store.head('open/a')).toBeUndefined()
  })

  it('a missing bucket is not_found to a listing, unavailable to all else', async () => {
    const { store, double } = await open()
    double.state.buckets.clear()
    expect(await outcome(() => Array.fromAsync(store.list({ prefix: '' })))).toBe('not_found')
    expect(await outcome(() => store.get('key'))).toBe('unavailable')
    expect(await outcome(() => store.put('key', bytes))).toBe('unavailable')
  })
})
