import { openMemory } from '@nexus/backend-memory'
import { type Backend, createFaultPlan, type Fault, type FaultPlan, faults, orderLayers, retry } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { at, bytes, fails, isPending, names, textOf } from './kernel-support.ts'

async function faulty(...planned: Fault[]): Promise<{ backend: Backend; plan: FaultPlan }> {
  const memory = openMemory()
  for (const path of ['/a', '/b', '/c']) await memory.write(at(path), bytes('12345678'))
  const plan = createFaultPlan(planned)
  return { backend: faults(plan)(memory), plan }
}

describe('faults', () => {
  it('strikes at the call that the plan names, once, and tells that it struck', async () => {
    const fault = { op: 'stat', kind: 'fail', code: 'unavailable', call: 2 } as const
    const { backend, plan } = await faulty(fault)
    await backend.stat(at('/a'))
    expect(plan.struck()).toEqual([])
    await fails(backend.stat(at('/a')), 'unavailable')
    await backend.stat(at('/a'))
    expect(plan.struck()).toEqual([fault])
  })

  it('loses an answer after the change has happened', async () => {
    const { backend } = await faulty({ op: 'write', kind: 'failAfter', code: 'outcome_unknown' })
    await fails(backend.write(at('/new'), bytes('x')), 'outcome_unknown')
    expect(await textOf(backend, '/new')).toBe('x')
  })

  it.each([
    [{ kind: 'short', afterBytes: 3 } as const, '123'],
    [{ kind: 'long', extraBytes: 2 } as const, '12345678\0\0'],
  ])('gives a body that is %o', async (fault, text) => {
    const { backend } = await faulty({ op: 'read', ...fault }, { op: 'read', call: 2, ...fault })
    expect(await textOf(backend, '/a')).toBe(text)
    expect(await new Response((await backend.read(at('/a'))).stream()).text()).toBe(text)
  })

  it('breaks a body in the middle, and stalls one until it is aborted', async () => {
    const { backend } = await faulty(
      { op: 'read', kind: 'break', afterBytes: 3, code: 'unavailable' },
      { op: 'read', call: 2, kind: 'stall', afterBytes: 3 },
    )
    await fails((await backend.read(at('/a'))).bytes(), 'unavailable')
    const aborter = new AbortController()
    const stalled = (await backend.read(at('/a'), { signal: aborter.signal })).bytes()
    expect(await isPending(stalled)).toBe(true)
    const reason = new Error('enough')
    aborter.abort(reason)
    await expect(stalled).rejects.toBe(reason)
  })

  it('fails an iteration after some entries', async () => {
    const { backend } = await faulty({ op: 'list', kind: 'failItem', afterItems: 2, code: 'unavailable' })
    const seen: string[] = []
    const all = (async () => {
      for await (const { name } of backend.list(at('/'))) seen.push(name)
    })()
    await fails(all, 'unavailable')
    expect(seen).toEqual(['a', 'b'])
    expect(await names(backend.list(at('/')))).toHaveLength(3)
  })
})

describe('The order of layers', () => {
  it('repeats attempts above what fails', async () => {
    const plan = createFaultPlan([{ op: 'stat', kind: 'fail', code: 'unavailable' }])
    const backend = orderLayers({ faults: faults(plan), retry: retry({ sleep: () => Promise.resolve() }) })(openMemory())
    await backend.stat(at('/'))
    expect(plan.struck()).toHaveLength(1)
  })
})
