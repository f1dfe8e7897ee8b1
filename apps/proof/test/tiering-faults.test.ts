import { openMemory } from '@nexus/backend-memory'
import { type Backend, createFaultPlan, type ErrorCode, type Fault, faults, isNexusError, parsePath, runTiers } from '@nexus/core'
import { describe, expect, it } from 'vitest'
import { bytes, entriesOf, filesOf, openWorld, textOf, type TieredWorld } from './tiering-kit.ts'

const path = parsePath('/hot/dir/file')
const other = parsePath('/hot/dir/other')
const verbs = ['stat', 'read', 'write', 'delete', 'list', 'rename', 'copy', 'append', 'setMetadata', 'mkdir'] as const

/** A change, and what the file and its neighbour may hold afterwards, whether it happened or not; `undefined`: absent. */
interface Step {
  readonly name: string
  readonly run: (world: TieredWorld) => Promise<unknown>
  readonly allowed: readonly (readonly [file: string | undefined, neighbour: string | undefined])[]
}

const untouched = ['old', 'neighbour'] as const
const steps: readonly Step[] = [
  { name: 'a move behind the redirect', run: ({ demote }) => demote('/dir/file'), allowed: [untouched] },
  { name: 'write', run: ({ kernel }) => kernel.write(path, bytes('new')), allowed: [untouched, ['new', 'neighbour']] },
  { name: 'delete', run: ({ kernel }) => kernel.delete(path), allowed: [untouched, [undefined, 'neighbour']] },
  { name: 'append', run: ({ kernel }) => kernel.append(path, bytes('+')), allowed: [untouched, ['old+', 'neighbour']] },
  { name: 'setMetadata', run: ({ kernel }) => kernel.setMetadata(path, { a: 'b' }), allowed: [untouched] },
  { name: 'rename', run: ({ kernel }) => kernel.rename(path, other), allowed: [untouched, [undefined, 'old'], ['old', 'old']] },
  { name: 'copy', run: ({ kernel }) => kernel.copy(path, other), allowed: [untouched, ['old', 'old']] },
]

/** Where the files lie before the step: each in one storage, or with a stale copy in the other one. */
const beginnings = ['both hot', 'both cold', 'file cold', 'neighbour cold', 'stale copies'] as const

describe.each(beginnings)('with %s', (beginning) => {
  it.each(steps)('$name may fail in any of its steps', async ({ run, allowed }) => {
    let struck = 0
    for (const side of ['hot', 'cold'] as const) {
      for (const op of verbs) {
        for (let call = 1; await strikes({ side, op, call }, { beginning, run, allowed }); call++) struck++
      }
    }
    expect(struck).toBeGreaterThan(0)
  })
})

interface Strike {
  readonly side: 'hot' | 'cold'
  readonly op: (typeof verbs)[number]
  readonly call: number
}

/** Fails one inner call, before it and after it took effect, and looks at what is left. @returns Whether there was such a call */
async function strikes({ side, op, call }: Strike, { beginning, run, allowed }: Pick<Step, 'run' | 'allowed'> & { readonly beginning: (typeof beginnings)[number] }): Promise<boolean> {
  let isStruck = false
  for (const kind of op === 'list' ? (['fail'] as const) : (['fail', 'failAfter'] as const)) {
    const [hot, cold]: [Backend, Backend] = [openMemory(), openMemory()]
    await begin(await openWorld({ hot, cold }), beginning)
    const plan = createFaultPlan([{ op, kind, code: 'unavailable' satisfies ErrorCode, call } as Fault])
    const broken = await openWorld(side === 'hot' ? { hot: faults(plan)(hot), cold } : { hot, cold: faults(plan)(cold) })
    await run(broken).catch((error: unknown) => {
      // What lies behind the redirect already is not moved there.
      if (!isNexusError(error, 'unavailable') && !isNexusError(error, 'not_found')) throw error
    })
    isStruck ||= plan.struck().length > 0
    // Another process finds what was left.
    const { kernel } = await openWorld({ hot, cold })
    const left = [await textOr(kernel, path), await textOr(kernel, other)]
    expect(allowed, `${side} ${op} ${call} ${kind}`).toContainEqual(left)
    const names = (await entriesOf(kernel, '/hot')).map((entry) => entry.path)
    expect(new Set(names).size).toBe(names.length)
    expect(await filesOf(kernel, '/hot')).toEqual([path, other].filter((_, index) => left[index] !== undefined))
    // Nothing comes back once both are deleted.
    await kernel.delete(path, { force: true })
    await kernel.delete(other, { force: true })
    expect(await filesOf(kernel, '/hot')).toEqual([])
  }
  return isStruck
}

async function begin({ kernel, cold, demote }: TieredWorld, beginning: (typeof beginnings)[number]): Promise<void> {
  await kernel.write(path, bytes('old'))
  await kernel.write(other, bytes('neighbour'))
  if (beginning === 'both cold' || beginning === 'file cold') await demote('/dir/file')
  if (beginning === 'both cold' || beginning === 'neighbour cold') await demote('/dir/other')
  if (beginning !== 'stale copies') return
  await cold.write(parsePath('/tier/dir/file'), bytes('stale'))
  await cold.write(parsePath('/tier/dir/other'), bytes('stale too'))
}

async function textOr(backend: Pick<Backend, 'read'>, file: string): Promise<string | undefined> {
  try {
    return await textOf(backend, file)
  } catch (error) {
    if (isNexusError(error, 'not_found')) return undefined
    throw error
  }
}

describe('a tier run', () => {
  it('goes on when one file fails, and counts it', async () => {
    const plan = createFaultPlan([{ op: 'write', kind: 'fail', code: 'corrupt', call: 2 }])
    const world = await openWorld({ cold: faults(plan)(openMemory()) })
    for (const name of ['a', 'b', 'c']) await world.kernel.write(parsePath(`/hot/${name}`), bytes(name))
    const told: string[] = []
    const [report] = await runTiers(world.kernel, world.tiers, { concurrency: 1, onFile: ({ path: file, outcome }) => void told.push(`${file} ${outcome}`) })
    expect(told).toEqual(['/hot/a moved', '/hot/b failed', '/hot/c moved'])
    expect(report).toMatchObject({ examined: 3, files: 2, bytes: 2, failed: 1, changed: 0 })
    expect(await filesOf(world.hot, '/')).toEqual(['/b'])
  })

  it('ends when the storage behind it is down', async () => {
    const plan = createFaultPlan([{ op: 'write', kind: 'fail', code: 'unavailable' }])
    const world = await openWorld({ cold: faults(plan)(openMemory()) })
    for (const name of ['a', 'b', 'c']) await world.kernel.write(parsePath(`/hot/${name}`), bytes(name))
    await expect(runTiers(world.kernel, world.tiers, { concurrency: 1 })).rejects.toMatchObject({ code: 'unavailable' })
    expect(await filesOf(world.hot, '/')).toHaveLength(3)
  })
})
