import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HttpDouble, startHttpDouble } from './double.ts'
import { damaged, lengthened, shortened } from './faults.ts'

let double: HttpDouble
let effects: string[]

beforeEach(async () => {
  effects = []
  double = await startHttpDouble({
    handle: (request) => {
      effects.push(`${request.method} ${request.target} ${new TextDecoder().decode(request.body)}`)
      return { status: 200, headers: { etag: '"1"' }, body: 'hello world' }
    },
    kindOf: ({ method }) => `kind ${method}`,
  })
})
afterEach(() => double.close())

const get = (): Promise<string> => fetch(`${double.url}/a%20b?c=d`).then((response) => response.text())

describe('startHttpDouble', () => {
  it('gives the rules the whole request, undecoded, and counts it', async () => {
    const response = await fetch(`${double.url}/a%20b?c=d`, { method: 'PUT', body: 'xyz' })
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([200, '"1"', 'hello world'])
    expect(effects).toEqual(['PUT /a%20b?c=d xyz'])
    expect(double.requests.count('kind PUT')).toBe(1)
    expect(double.requests.bytes()).toEqual({ received: 3, sent: 11 })
  })

  it('answers what the script says in place of the rules, for the Nth request and as often as it says', async () => {
    double.faults.add({ skip: 1, times: 2, action: { kind: 'answer', answer: { status: 503, headers: { 'retry-after': '7' } } } })
    const statuses = []
    for (let i = 0; i < 4; i += 1) statuses.push((await fetch(double.url)).status)
    expect(statuses).toEqual([200, 503, 503, 200])
    expect([double.faults.struck, effects.length]).toEqual([2, 2])
  })

  it('strikes only the requests that match', async () => {
    double.faults.add({ when: ({ method }) => method === 'POST', action: { kind: 'refuse' } })
    expect(await get()).toBe('hello world')
    await expect(fetch(double.url, { method: 'POST' })).rejects.toThrow()
  })

  it('changes bodies with a length that agrees', async () => {
    for (const change of [shortened(3), lengthened(2), damaged(0)]) double.faults.add({ action: { kind: 'change', change } })
    expect([await get(), await get(), await get()]).toEqual(['hello wo', 'hello world\0\0', '\u{fffd}ello world'])
  })

  it.each(['reset', 'end'] as const)('breaks a body by %s at byte k, so that the client knows', async (how) => {
    double.faults.add({ action: { kind: 'cut', afterBytes: 4, how } })
    await expect(get()).rejects.toThrow()
    expect(double.requests.bytes().sent).toBe(4)
  })

  it('loses the answer and not the effect; refuses both', async () => {
    double.faults.add({ action: { kind: 'lose' } })
    await expect(get()).rejects.toThrow()
    expect(effects).toHaveLength(1)
    double.faults.add({ action: { kind: 'refuse' } })
    await expect(get()).rejects.toThrow()
    expect(effects).toHaveLength(1)
  })

  it('stalls after byte k, or before the first header, until the client gives up', async () => {
    for (const headers of [undefined, false] as const) {
      double.faults.add({ action: { kind: 'stall', afterBytes: 2, headers } })
      const response = fetch(double.url, { signal: AbortSignal.timeout(200) }).then((answered) => answered.text())
      await expect(response).rejects.toThrow(/timeout/i)
    }
  })

  it('breaks a request at byte k, and takes no body, so that the rules never see it', async () => {
    double.faults.add({ action: { kind: 'break', afterBytes: 1000 } })
    await expect(fetch(double.url, { method: 'PUT', body: new Uint8Array(1_000_000) })).rejects.toThrow()
    double.faults.add({ action: { kind: 'ignore' } })
    await expect(fetch(double.url, { method: 'PUT', body: new Uint8Array(10), signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/i)
    expect([effects, double.faults.struck]).toEqual([[], 2])
    expect(await get()).toBe('hello world')
  })

  it('sends a body slowly', async () => {
    double.faults.add({ action: { kind: 'slow', bytesPerSecond: 1000 } })
    expect(await get()).toBe('hello world')
  })

  it('redirects to the same path elsewhere', async () => {
    double.faults.add({ action: { kind: 'redirect', baseUrl: 'http://elsewhere.test', status: 307 } })
    const response = await fetch(`${double.url}/a%20b?c=d`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([307, 'http://elsewhere.test/a%20b?c=d'])
  })

  it('tells of its own failure in the answer', async () => {
    const broken = await startHttpDouble({
      handle: () => {
        throw new Error('rule is wrong')
      },
    })
    expect(await fetch(broken.url).then((response) => response.text())).toContain('rule is wrong')
    await broken.close()
  })
})
