import { isNexusError } from '@nexus/core/contract'
import { damaged, type FaultAction, type GcsDouble, lengthened, shortened, startGcsDouble } from '@nexus/doubles'
import type { ObjectStore } from '@nexus/object-storage'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type KeyFile, openTestStore, readAll, someBytes, writeKeyFile } from './open-test-store.ts'

let key: KeyFile
let double: GcsDouble
let store: ObjectStore

beforeAll(async () => {
  key = await writeKeyFile()
})
afterAll(() => key.remove())
beforeEach(async () => {
  double = await startGcsDouble()
  store = await openTestStore(double, { key })
})
afterEach(async () => {
  expect(double.faults.struck).toBeGreaterThan(0)
  await double.close()
})

const before = someBytes(3000)
const after = someBytes(5000)

const error = (status: number, reason: string, headers: Record<string, string> = {}): FaultAction => ({
  kind: 'answer',
  answer: { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ error: { code: status, message: 'Told so.', errors: [{ reason }] } }) },
})

async function codeOf(call: Promise<unknown>): Promise<string> {
  const failure: unknown = await call.then(() => 'acknowledged', (reason: unknown) => reason)
  return isNexusError(failure) ? failure.code : String(failure)
}

const onBody: readonly (readonly [string, FaultAction, string])[] = [
  ['a short body', { kind: 'change', change: shortened(7) }, 'unavailable'],
  ['a long body', { kind: 'change', change: lengthened(7) }, 'corrupt'],
  ['a wrong byte', { kind: 'change', change: damaged() }, 'corrupt'],
  ['a reset at byte k', { kind: 'cut', afterBytes: 1000, how: 'reset' }, 'unavailable'],
  ['an early end', { kind: 'cut', afterBytes: 1000, how: 'end' }, 'unavailable'],
  ['an answer that is lost', { kind: 'lose' }, 'unavailable'],
  ['a connection that is refused', { kind: 'refuse' }, 'unavailable'],
  ['a redirect to another host', { kind: 'redirect', baseUrl: 'http://elsewhere.test', status: 307 }, 'unavailable'],
  ['500', error(500, 'internalError'), 'unavailable'],
  ['503', error(503, 'backendError'), 'unavailable'],
  ['409', error(409, 'conflict'), 'busy'],
  ['412', error(412, 'conditionNotMet'), 'precondition_failed'],
  ['429', error(429, 'rateLimitExceeded', { 'retry-after': '7' }), 'rate_limited'],
  ['403 for the rate', error(403, 'rateLimitExceeded'), 'rate_limited'],
  ['403', error(403, 'forbidden'), 'permission_denied'],
  ['404 of a server in between', { kind: 'answer', answer: { status: 404, body: '<html>nothing here</html>' } }, 'unavailable'],
  ['200 with an error body', error(200, 'backendError'), 'unavailable'],
]

describe('a read never gives wrong bytes, and asks once', () => {
  it.each(onBody)('%s', async (_, action, code) => {
    await store.put('a', before)
    double.requests.clear()
    double.faults.add({ when: ({ method }) => method === 'GET', action })
    expect(await codeOf(readAll(store, 'a'))).toBe(code)
    expect(double.requests.count()).toBe(1)
    expect(await readAll(store, 'a')).toEqual(before)
  })

  it.each([['stalls', { kind: 'stall', afterBytes: 100 }], ['never begins', { kind: 'stall', afterBytes: 0, headers: false }], ['comes a byte a second', { kind: 'slow', bytesPerSecond: 1 }]] as const)('a body that %s ends with the signal', async (_, action) => {
    await store.put('a', before)
    double.faults.add({ when: ({ method }) => method === 'GET', action })
    const abort = new AbortController()
    const reading = store.get('a', { signal: abort.signal }).then(async (body) => {
      setImmediate(() => {
        abort.abort(new Error('given up'))
      })
      return new Response(body?.stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer()
    })
    if (action.kind === 'stall' && 'headers' in action) setTimeout(() => {
      abort.abort(new Error('given up'))
    }, 100)
    await expect(reading).rejects.toThrow('given up')
  })

  it('refuses another part than it asked for', async () => {
    await store.put('a', before)
    const shifted: FaultAction = { kind: 'change', change: (answer) => ({ ...answer, headers: { ...answer.headers, 'content-range': 'bytes 1-10/3000' } }) }
    double.faults.add({ when: ({ method }) => method === 'GET', action: shifted })
    expect(await codeOf(store.get('a', { range: { offset: 0, length: 10 } }))).toBe('unexpected')
  })
})

const onWrite: readonly (readonly [string, FaultAction, string])[] = [
  ['500', error(500, 'internalError'), 'outcome_unknown'],
  ['503', error(503, 'backendError'), 'outcome_unknown'],
  ['504', error(504, 'timeout'), 'outcome_unknown'],
  ['an answer that is lost', { kind: 'lose' }, 'outcome_unknown'],
  ['a reset before anything happened', { kind: 'refuse' }, 'outcome_unknown'],
  ['half an answer', { kind: 'cut', afterBytes: 10, how: 'reset' }, 'outcome_unknown'],
  ['200 with an error body', error(200, 'backendError'), 'outcome_unknown'],
  ['200 with nonsense', { kind: 'answer', answer: { status: 200, body: '<html>welcome</html>' } }, 'outcome_unknown'],
  ['200 with nothing', { kind: 'answer', answer: { status: 200 } }, 'outcome_unknown'],
  ['200 for something else', { kind: 'change', change: (answer) => ({ ...answer, body: String(answer.body).replace('"size":"5000"', '"size":"4999"') }) }, 'outcome_unknown'],
  ['409', error(409, 'conflict'), 'busy'],
  ['412', error(412, 'conditionNotMet'), 'precondition_failed'],
  ['429', error(429, 'rateLimitExceeded'), 'rate_limited'],
  ['403', error(403, 'forbidden'), 'permission_denied'],
  ['a redirect to another host', { kind: 'redirect', baseUrl: 'http://elsewhere.test', status: 308 }, 'unavailable'],
]

describe('a write is never acknowledged falsely, and sent once', () => {
  it.each(onWrite)('%s', async (_, action, code) => {
    await store.put('a', before)
    double.requests.clear()
    double.faults.add({ when: ({ method }) => method === 'POST', action })
    expect(await codeOf(store.put('a', after))).toBe(code)
    expect(double.requests.count()).toBe(1)
    expect([before, after]).toContainEqual(await readAll(store, 'a'))
    if (code !== 'outcome_unknown') expect(await readAll(store, 'a')).toEqual(before)
  })

  it.each([['delete', 'outcome_unknown'], ['copy', 'outcome_unknown']] as const)('a lost answer to %s is told', async (verb, code) => {
    await store.put('a', before)
    double.faults.add({ action: { kind: 'lose' } })
    expect(await codeOf(verb === 'delete' ? store.delete(['a']) : store.copy('a', 'b'))).toBe(code)
  })

  it('bytes that are damaged on their way are refused, and nothing is stored', async () => {
    double.faults.add({ action: error(400, 'invalid') })
    expect(await codeOf(store.put('a', after))).toBe('invalid_argument')
    const body = JSON.stringify({ error: { code: 400, message: `Provided CRC32C "AAAAAA==" doesn't match calculated CRC32C "BBBBBB==".`, errors: [{ reason: 'invalid' }] } })
    double.faults.add({ action: { kind: 'answer', answer: { status: 400, body } } })
    expect(await codeOf(store.put('a', after))).toBe('unavailable')
  })

  it('each object of a batch is told for itself', async () => {
    const keys = Array.from({ length: 150 }, (_, index) => `many/${index}`)
    for (const name of keys.slice(0, 3)) await store.put(name, after)
    double.bucket().deniedPrefixes = ['many/2']
    await expect(store.delete(keys)).rejects.toMatchObject({ code: 'permission_denied', reason: expect.stringContaining('11 of 150 objects may be left: many/2, many/20') as unknown })
    double.bucket().deniedPrefixes = []
    expect([await store.head('many/1'), (await store.head('many/2'))?.sizeBytes]).toEqual([undefined, 5000])
    double.faults.add({ when: ({ target }) => target.startsWith('/batch'), action: { kind: 'change', change: (answer) => ({ ...answer, body: String(answer.body).replaceAll('response-1>', 'response-x>') }) } })
    await expect(store.delete(['many/0', 'many/2'])).rejects.toMatchObject({ code: 'outcome_unknown', path: 'many/2' })
  })

  it('a deletion of which some batches were refused is not told as if nothing had happened', async () => {
    const keys = Array.from({ length: 150 }, (_, index) => `many/${index}`)
    const refuse = (times: number): void => double.faults.add({ when: ({ target }) => target.startsWith('/batch'), times, action: error(429, 'rateLimitExceeded') })
    refuse(1)
    expect(await codeOf(store.delete(keys))).toBe('outcome_unknown')
    refuse(2)
    expect(await codeOf(store.delete(keys))).toBe('rate_limited')
  })
})

describe('a listing is complete, or fails', () => {
  const keysOf = async (): Promise<string[]> => {
    const keys: string[] = []
    for await (const page of store.list({ prefix: '', pageSize: 2 })) keys.push(...page.objects.map((object) => object.key))
    return keys
  }

  it.each([
    ['repeats a page', 'unexpected', (request: { url: URL }) => request.url.searchParams.has('pageToken'), 'first'],
    ['breaks off', 'unavailable', (request: { url: URL }) => request.url.searchParams.has('pageToken'), 'lose'],
    ['has an error body', 'unavailable', () => true, 'error'],
  ] as const)('when the service %s', async (_, code, when, how) => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await store.put(name, after)
    const first = await double.fetch(`${double.url}/storage/v1/b/bucket/o?maxResults=2&fields=nextPageToken,items(name,size,generation,metageneration,updated)`, { headers: { authorization: `Bearer ${double.giveToken()}` } })
    const page = await first.text()
    const action: FaultAction = how === 'lose' ? { kind: 'lose' } : how === 'error' ? error(200, 'x') : { kind: 'change', change: (answer) => ({ ...answer, body: page }) }
    double.faults.add({ when: (request) => request.method === 'GET' && when(request), action })
    expect(await codeOf(keysOf())).toBe(code)
    expect(await keysOf()).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})

describe('what is missing or forbidden', () => {
  it('is told apart: object, bucket, permission on one prefix', async () => {
    double.faults.add({ when: () => false, action: { kind: 'lose' } })
    double.bucket().deniedPrefixes = ['secret/']
    expect(await codeOf(store.get('secret/a'))).toBe('permission_denied')
    expect(await codeOf(store.put('secret/a', after))).toBe('permission_denied')
    expect(await store.get('open/a')).toBeUndefined()
    await expect(openTestStore(double, { key, bucket: 'another' })).rejects.toMatchObject({ code: 'unavailable', reason: expect.stringContaining('another does not exist') as unknown })
    double.faults.add({ action: error(500, 'x') })
    expect(await codeOf(store.head('open/a'))).toBe('unavailable')
  })
})

it('a range that ended behind the object, which is longer by the time that it is looked at, is read again by who asked', async () => {
  await store.put('a', before)
  double.faults.add({ when: ({ target }) => target === '/bucket/a', action: { kind: 'answer', answer: { status: 416 } } })
  expect(await codeOf(store.get('a', { range: { offset: before.length - 1, length: 5 } }))).toBe('busy')
  double.faults.add({ when: ({ target }) => target === '/bucket/a', action: { kind: 'answer', answer: { status: 416 } } })
  expect((await store.get('a', { range: { offset: before.length, length: 5 } }))?.info.sizeBytes).toBe(before.length)
})
