import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Backend, Change } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { at, bytes, failure, openTree } from '../../test/tree-fixture.ts'

/** Takes changes until one fits; the first step is taken before `act`, so that the watch is there. */
async function changesUntil(backend: Backend, { path = '/', recursive = true, act, last }: { readonly path?: string; readonly recursive?: boolean; readonly act: () => unknown; readonly last: string }): Promise<string[]> {
  const controller = new AbortController()
  const changes = backend.changes!(at(path), { recursive, signal: controller.signal })[Symbol.asyncIterator]()
  const first = changes.next()
  // The watch begins in the first step; a list after it is answered when it has begun.
  for (let round = 0; round < 5; round++) await backend.usage!(at('/'))
  await act()
  const seen: string[] = []
  for (let step = await first; step.done !== true; step = await changes.next()) {
    seen.push(describeChange(step.value))
    if (seen.at(-1) === last) break
  }
  controller.abort()
  await changes.return?.()
  return seen
}

function describeChange({ type, path, kind }: Change): string {
  return `${type} ${kind} ${path}`
}

describe('changes', () => {
  it('tells what strangers and we do, in directories old and new', async () => {
    const { directory, backend } = await openTree()
    mkdirSync(join(directory, 'old'))
    writeFileSync(join(directory, 'old/a'), 'x')
    const act = async (): Promise<void> => {
      mkdirSync(join(directory, 'new/deep'), { recursive: true })
      writeFileSync(join(directory, 'new/deep/b'), 'x')
      await backend.write(at('/old/a'), bytes('longer'))
      await backend.write(at('/zz-last'), bytes('x'))
    }
    const seen = await changesUntil(backend, { act, last: 'created file /zz-last' })
    expect(seen).toContain('created directory /new')
    expect(seen.filter((change) => change.includes('.nexus'))).toEqual([])
  })

  it('finds what is in a directory that appears whole', async () => {
    const { directory, backend } = await openTree()
    mkdirSync(join(directory, 'aside/deep'), { recursive: true })
    writeFileSync(join(directory, 'aside/deep/file'), 'x')
    await backend.mkdir(at('/watched'))
    const act = (): void => renameSync(join(directory, 'aside'), join(directory, 'watched/moved'))
    const seen = await changesUntil(backend, { path: '/watched', act, last: 'created file /watched/moved/deep/file' })
    expect(seen).toEqual(['created directory /watched/moved', 'created directory /watched/moved/deep', 'created file /watched/moved/deep/file'])
  })

  it('tells of everything in a directory that goes away', async () => {
    const { directory, backend } = await openTree()
    mkdirSync(join(directory, 'watched/moved/deep'), { recursive: true })
    writeFileSync(join(directory, 'watched/moved/deep/file'), 'x')
    const act = (): void => renameSync(join(directory, 'watched/moved'), join(directory, 'aside'))
    const seen = await changesUntil(backend, { path: '/watched', act, last: 'deleted directory /watched/moved' })
    expect(seen).toEqual(['deleted file /watched/moved/deep/file', 'deleted directory /watched/moved/deep', 'deleted directory /watched/moved'])
  })

  it('ends when the mount is closed, and refuses a cursor', async () => {
    const { backend } = await openTree()
    const step = backend.changes!(at('/'))[Symbol.asyncIterator]().next()
    await failure('unsupported', backend.changes!(at('/'), { since: 'live' })[Symbol.asyncIterator]().next())
    const ended = failure('unavailable', step)
    await backend.close()
    await ended
  })
})
