import { execFileSync } from 'node:child_process'
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { isNexusError } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { at, bytes, entriesOf, failure, failures, makeDirectory, openTree, textOf, type TreeFixture } from '../../test/tree-fixture.ts'

async function openWithOutside(): Promise<TreeFixture & { readonly outside: string }> {
  const outside = makeDirectory()
  writeFileSync(join(outside, 'secret'), 'outside')
  const tree = await openTree()
  symlinkSync(outside, join(tree.directory, 'out'))
  symlinkSync(join(outside, 'secret'), join(tree.directory, 'link'))
  return { ...tree, outside }
}

describe('symbolic links', () => {
  it('are listed as files with their target', async () => {
    const { backend, outside } = await openWithOutside()
    const entries = await entriesOf(backend, '/', { recursive: true })
    expect(entries.map(({ name, kind, metadata }) => ({ name, kind, metadata }))).toEqual([
      { name: 'link', kind: 'file', metadata: { symlink: join(outside, 'secret') } },
      { name: 'out', kind: 'file', metadata: { symlink: outside } },
    ])
    expect((await backend.stat(at('/link'))).metadata).toEqual({ symlink: join(outside, 'secret') })
  })

  it('are not read, extended, copied or changed', async () => {
    const { backend } = await openWithOutside()
    for (const { reason } of await failures('unsupported', [backend.read(at('/link')), backend.append!(at('/link'), bytes('x')), backend.copy!(at('/link'), at('/copy')), backend.setMetadata!(at('/link'), { a: 'b' })])) expect(reason).toContain('symbolic link')
  })

  it('lead nowhere in the middle of a path', async () => {
    const { backend, outside } = await openWithOutside()
    const calls = [backend.read(at('/out/secret')), backend.write(at('/out/new'), bytes('x')), backend.delete(at('/out/secret')), backend.mkdir(at('/out/new/deep'), { recursive: true })]
    for (const { reason } of await failures('unsupported', calls)) expect(reason).toContain('"out" on the way is a symbolic link')
    expect(readdirSync(outside)).toEqual(['secret'])
  })

  it('are themselves replaced, moved and deleted', async () => {
    const { directory, backend, outside } = await openWithOutside()
    await backend.rename!(at('/link'), at('/moved'))
    expect(readlinkSync(join(directory, 'moved'))).toBe(join(outside, 'secret'))
    await backend.write(at('/moved'), bytes('inside'))
    expect(await textOf(backend, '/moved')).toBe('inside')
    await backend.delete(at('/out'), { recursive: true })
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('outside')
  })

  it('survive in their target when a tree with them is deleted', async () => {
    const { directory, backend, outside } = await openWithOutside()
    mkdirSync(join(directory, 'tree/deep'), { recursive: true })
    symlinkSync(outside, join(directory, 'tree/deep/out'))
    await backend.delete(at('/tree'), { recursive: true })
    expect(existsSync(join(directory, 'tree'))).toBe(false)
    expect(readdirSync(outside)).toEqual(['secret'])
  })

  it('never win a race: a directory that another thread swaps for a link lets nothing out or in', async () => {
    const { directory, backend, outside } = await openWithOutside()
    const place = join(directory, 'swapped')
    mkdirSync(place)
    writeFileSync(join(place, 'secret'), 'inside')
    symlinkSync(outside, join(directory, 'aside-link'))
    const swapper = startSwapping(directory)
    let struck = 0
    try {
      for (let round = 0; round < 20_000 && (struck < 20 || round < 1000); round++) {
        // The control: a path that is simply followed is led outside now and then.
        if (readUnguarded(join(place, 'secret')) === 'outside') struck++
        const text = await backend.read(at('/swapped/secret')).then((content) => content.text()).catch(refusalOf)
        expect(text).not.toBe('outside')
        await backend.write(at(`/swapped/new-${round % 7}`), bytes('x')).catch(refusalOf)
        await backend.delete(at(`/swapped/new-${round % 7}`)).catch(refusalOf)
        await backend.setMetadata!(at('/swapped/secret'), { mode: '755' }).catch(refusalOf)
      }
    } finally {
      await swapper.stop()
    }
    expect(struck).toBeGreaterThanOrEqual(20)
    expect(readdirSync(outside)).toEqual(['secret'])
    expect(statSync(join(outside, 'secret')).mode & 0o111).toBe(0)
  })
})

it('a file that another thread swaps for a link is never followed', async () => {
  const { directory, backend, outside } = await openWithOutside()
  writeFileSync(join(directory, 'file'), 'inside')
  symlinkSync(join(outside, 'secret'), join(directory, 'aside-link'))
  const swapper = startSwapping(directory, 'file')
  let struck = 0
  try {
    for (let round = 0; round < 20_000 && (struck < 20 || round < 1000); round++) {
      if (readUnguarded(join(directory, 'file')) === 'outside') struck++
      expect(await backend.read(at('/file')).then((content) => content.text()).catch(refusalOf)).not.toBe('outside')
      await backend.append!(at('/file'), bytes('')).catch(refusalOf)
      await backend.copy!(at('/file'), at('/copy')).catch(refusalOf)
      expect(await textOf(backend, '/copy').catch(refusalOf)).not.toBe('outside')
    }
  } finally {
    await swapper.stop()
  }
  expect(struck).toBeGreaterThanOrEqual(20)
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('outside')
})

function refusalOf(error: unknown): string {
  if (isNexusError(error)) return error.code
  throw error
}

function readUnguarded(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return String(error)
  }
}

/** A thread that swaps what has the name and the link `aside-link` without a pause. */
function startSwapping(directory: string, name = 'swapped'): { readonly stop: () => Promise<void> } {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const code = `
    const { renameSync } = require('node:fs')
    const { workerData: { directory, name, flag } } = require('node:worker_threads')
    const place = directory + '/' + name, link = directory + '/aside-link', aside = directory + '/aside-directory'
    const quietly = (from, to) => { try { renameSync(from, to) } catch (error) { if (!['ENOTEMPTY', 'EISDIR', 'EEXIST', 'ENOTDIR', 'ENOENT'].includes(error.code)) throw error } }
    while (Atomics.load(flag, 0) === 0) {
      quietly(place, aside); quietly(link, place); quietly(place, link); quietly(aside, place)
    }`
  const worker = new Worker(code, { eval: true, workerData: { directory, name, flag } })
  const { promise, resolve } = Promise.withResolvers<undefined>()
  worker.once('exit', () => resolve(undefined))
  const stop = async (): Promise<void> => {
    Atomics.store(flag, 0, 1)
    await promise
  }
  return { stop }
}

describe('what is no regular file', () => {
  it('is refused, and a FIFO makes nobody wait', async () => {
    const { directory, backend } = await openTree()
    execFileSync('mkfifo', [join(directory, 'fifo')])
    for (const { reason } of await failures('unsupported', [backend.read(at('/fifo')), backend.write(at('/fifo'), bytes('x')), backend.append!(at('/fifo'), bytes('x')), backend.copy!(at('/fifo'), at('/copy'))])) expect(reason).toContain('FIFO')
    expect((await entriesOf(backend, '/')).map(({ name, kind }) => `${kind} ${name}`)).toEqual(['file fifo'])
    await backend.delete(at('/fifo'))
    expect(existsSync(join(directory, 'fifo'))).toBe(false)
  })

  it('is refused as a socket, too', async () => {
    const { directory, backend } = await openTree()
    const server = createServer()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    server.listen(join(directory, 'socket'), () => resolve(undefined))
    await promise
    try {
      await failure('unsupported', backend.read(at('/socket')))
    } finally {
      server.close()
    }
  })
})

describe('hard links', () => {
  it('a rename onto another name of the same file leaves one name', async () => {
    const { directory, backend } = await openTree()
    writeFileSync(join(directory, 'a'), 'x')
    linkSync(join(directory, 'a'), join(directory, 'b'))
    await backend.rename!(at('/a'), at('/b'))
    expect(readdirSync(directory).filter((name) => !name.startsWith('.'))).toEqual(['b'])
    expect(statSync(join(directory, 'b')).nlink).toBe(1)
  })

  it('a write replaces one name and leaves the other its content', async () => {
    const { directory, backend } = await openTree()
    writeFileSync(join(directory, 'a'), 'old')
    linkSync(join(directory, 'a'), join(directory, 'b'))
    await backend.write(at('/a'), bytes('new'))
    expect(readFileSync(join(directory, 'b'), 'utf8')).toBe('old')
  })
})
