import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMemory } from '@nexus/backend-memory'
import { type Backend, type MountedNexusFS, mount, unfinishedMoves } from '@nexus/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { at, bytes, fails } from './kernel-support.ts'

const tree = ['a', 'b', 'c/d', 'c/e', 'f']
let state: string
let saved: string | undefined
/** What the mounts `fake://one` and `fake://two` keep, whoever opens them. */
let one: Backend
let two: Backend
/** Writes at the target. */
let written: string[]
/** Called before each change; may throw. */
let meddle: (op: 'write' | 'delete', path: string) => void | Promise<void>

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'nexus-move-journal-'))
  saved = process.env['NEXUS_FS_STATE_DIR']
  process.env['NEXUS_FS_STATE_DIR'] = state
  one = openMemory()
  two = openMemory()
  written = []
  meddle = () => undefined
  for (const path of tree) await one.write(at(`/t/${path}`), bytes(path))
})
afterEach(async () => {
  if (saved === undefined) Reflect.deleteProperty(process.env, 'NEXUS_FS_STATE_DIR')
  else process.env['NEXUS_FS_STATE_DIR'] = saved
  await rm(state, { recursive: true, force: true })
})

function opened(name: unknown): Backend {
  const backend = name === 'one' ? one : two
  return {
    ...backend,
    write: async (path, body, options) => {
      await meddle('write', path)
      const stat = await backend.write(path, body, options)
      written.push(path)
      return stat
    },
    delete: async (path, options) => {
      await backend.delete(path, options)
      await meddle('delete', path)
    },
    close: () => Promise.resolve(),
  }
}

/** Another process, as far as the storage and the journal can tell. */
function open(): Promise<MountedNexusFS> {
  const fake = { scheme: 'fake', contract: 1 as const, fromUri: ({ authority }: { authority: string }) => authority, parseConfig: (name: unknown) => name, open: (name: unknown) => Promise.resolve(opened(name)) }
  return mount({ uri: 'fake://one', at: '/one' }, { uri: 'fake://two', at: '/two' }, { ephemeral: true, backends: { fake }, resolveFrom: import.meta.url })
}

async function move(from = '/one/t', to = '/two/t'): Promise<unknown> {
  await using fs = await open()
  return await fs.rename(from, to, { allowNonAtomic: true })
}

/** Lets an attempt fail at its n-th change of that kind. */
async function breakOff(op: 'write' | 'delete', nth: number): Promise<void> {
  let left = nth
  meddle = (happening) => {
    if (happening === op && --left === 0) throw new Error('broken off')
  }
  await fails(move(), 'unexpected')
  meddle = () => undefined
}

const textAt = async (backend: Backend, path: string): Promise<string> => (await backend.read(at(path))).text()
const journals = async (): Promise<string[]> => (await readdir(join(state, 'moves'))).filter((name) => name.endsWith('.jsonl'))

async function expectArrived(changed: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const path of tree) expect(await textAt(two, `/t/${path}`)).toBe(changed[path] ?? path)
  await fails(one.stat(at('/t')), 'not_found')
  expect(await journals()).toEqual([])
  expect(await unfinishedMoves()).toEqual([])
}

describe('a move between mounts that did not come to its end', () => {
  it.each([
    ['write', 1],
    ['write', 4],
    ['delete', 1],
    ['delete', 3],
    ['delete', 6],
  ] as const)('goes on and copies nothing twice, broken off at %s %s', async (op, nth) => {
    await breakOff(op, nth)
    const [unfinished] = await unfinishedMoves()
    expect(unfinished).toMatchObject({ kind: 'directory', isUnderWay: false, from: { path: '/t' }, to: { path: '/t' } })
    await move()
    expect(written.toSorted()).toEqual(tree.map((path) => `/t/${path}`).toSorted())
    await expectArrived()
  })

  it('is at its end where only its last word is missing, and then it is not found', async () => {
    let left = tree.length + 2
    meddle = (op) => {
      if (op === 'delete' && --left === 0) throw new Error('broken off')
    }
    await fails(move(), 'unexpected')
    await fails(one.stat(at('/t')), 'not_found')
    expect(await move()).toMatchObject({ path: '/two/t', kind: 'directory' })
    await expectArrived()
    await fails(move(), 'not_found')
  })

  it('moves what was changed at the source since, and loses nothing of it', async () => {
    await breakOff('delete', 1)
    const changed = (await one.stat(at('/t/f')).catch(() => undefined)) === undefined ? 'a' : 'f'
    await one.write(at(`/t/${changed}`), bytes('newer'))
    await move()
    await expectArrived({ [changed]: 'newer' })
  })

  it('replaces nothing that was changed at the target since', async () => {
    await breakOff('write', tree.length)
    const copied = written[0] ?? ''
    await two.write(at(copied), bytes('edited'))
    expect(await fails(move(), 'precondition_failed')).toContain(copied)
    expect([await textAt(one, copied), await textAt(two, copied)]).toEqual([copied.slice(3), 'edited'])
    await two.delete(at(copied))
    await move()
    await expectArrived()
  })

  it('replaces nothing that somebody put where a file is to come, and takes the same bytes for its own', async () => {
    await breakOff('write', 1)
    const [mine, others] = tree.filter((path) => !written.includes(`/t/${path}`))
    await two.write(at(`/t/${mine}`), bytes(mine ?? ''))
    const { etag } = await two.write(at(`/t/${others}`), bytes('a stranger'))
    expect(await fails(move(), 'precondition_failed')).toContain(`/two/t/${others}`)
    await two.delete(at(`/t/${others}`), { ifMatch: etag })
    await move()
    expect(written).not.toContain(`/t/${mine}`)
    await expectArrived()
  })

  it('is busy while it is under way, and goes on when that ended', async () => {
    const gate = Promise.withResolvers<undefined>()
    const begun = Promise.withResolvers<undefined>()
    meddle = async (op) => {
      if (op !== 'write') return
      begun.resolve(undefined)
      await gate.promise
    }
    const first = move()
    await begun.promise
    expect(await unfinishedMoves()).toMatchObject([{ isUnderWay: true }])
    expect(await fails(move(), 'busy')).toContain(String(process.pid))
    gate.resolve(undefined)
    await first
    await expectArrived()
  })

  it('is refused again where it was refused before, and merges into no directory of others', async () => {
    await two.write(at('/t/a'), bytes('a'))
    for (let attempt = 0; attempt < 2; attempt++) {
      await fails(move(), 'is_directory')
      expect(await journals()).toEqual([])
    }
    expect(await treeOf(one)).toEqual(tree)
    expect(await treeOf(two)).toEqual(['a'])
  })

  it('killed before it looked at the target, it looks', async () => {
    await leaveJournal()
    await two.write(at('/t/a'), bytes('a'))
    await fails(move(), 'is_directory')
    expect([await treeOf(one), await treeOf(two)]).toEqual([tree, ['a']])
  })

  it('killed before it looked at the target, it is not taken for done by what others put there', async () => {
    await leaveJournal()
    await two.write(at('/t/a'), bytes('a'))
    await one.delete(at('/t'), { recursive: true })
    await fails(move(), 'not_found')
    expect(await journals()).toEqual([])
  })

  it('killed when it had made the target, it goes on', async () => {
    await leaveJournal({ begun: true })
    await two.mkdir(at('/t'))
    await move()
    await expectArrived()
  })

  it('goes on that a version began which did not write down that it had looked at the target', async () => {
    const { etag: source } = await one.stat(at('/t/a'))
    const { etag: target } = await two.write(at('/a'), bytes('a'))
    await leaveJournal({ copied: 'a', source, target })
    await two.rename?.(at('/a'), at('/t/a'))
    await move()
    expect(written).not.toContain('/t/a')
    await expectArrived()
  })

  it('of a file copies it once as well, and is no obstacle to a move that fails before anything happened', async () => {
    await breakOffFile()
    expect(await journals()).toHaveLength(1)
    await move('/one/t/a', '/two/g')
    expect(written).toEqual(['/g'])
    await fails(one.stat(at('/t/a')), 'not_found')
    meddle = () => {
      throw new Error('broken off')
    }
    await fails(move('/one/t/b', '/two/g'), 'unexpected')
    expect(await journals()).toEqual([])
    expect([await textAt(two, '/g'), await textAt(one, '/t/b')]).toEqual(['a', 'b'])
  })
})

/** The journal of the same move with these lines behind its first, as somebody left it who is gone, and no target. */
async function leaveJournal(...lines: readonly object[]): Promise<void> {
  await breakOff('write', 1)
  const [name = ''] = await journals()
  const file = join(state, 'moves', name)
  const [header] = (await readFile(file, 'utf8')).split('\n')
  await writeFile(file, [header, ...[...lines, { owner: null }].map((line) => JSON.stringify(line)), ''].join('\n'))
  await two.delete(at('/t'), { recursive: true })
}

async function treeOf(backend: Backend): Promise<string[]> {
  const entries = await Array.fromAsync(backend.list(at('/t'), { recursive: true }))
  return entries.filter(({ kind }) => kind === 'file').map(({ path }) => path.slice('/t/'.length))
}

async function breakOffFile(): Promise<void> {
  const real = one
  one = { ...real, delete: () => Promise.reject(new Error('broken off')) }
  await fails(move('/one/t/a', '/two/g'), 'unexpected')
  one = real
}
