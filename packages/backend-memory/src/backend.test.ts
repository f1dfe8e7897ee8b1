import { parsePath, rootPath } from '@nexus/core/contract'
import { describe, expect, it } from 'vitest'
import { openMemory } from './backend.ts'
import { memoryBackend } from './definition.ts'

const path = parsePath('/file')

function endless(chunk: Uint8Array): { readonly stream: ReadableStream<Uint8Array>; readonly pulls: () => number } {
  let pulls = 0
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    pulls++
    controller.enqueue(chunk)
  }
  return { stream: new ReadableStream({ pull }, { highWaterMark: 0 }), pulls: () => pulls }
}

describe('maxSizeBytes', () => {
  it('ends the collection of a stream that has no end', async () => {
    const backend = openMemory({ maxSizeBytes: 1_000 })
    const body = endless(new Uint8Array(300))
    await expect(backend.write(path, body.stream)).rejects.toMatchObject({ code: 'invalid_argument' })
    expect(body.pulls()).toBe(4)
  })

  it('holds for bytes, for appended parts and in a batch', async () => {
    const backend = openMemory({ maxSizeBytes: 10 })
    await expect(backend.write(path, new Uint8Array(11))).rejects.toMatchObject({ code: 'invalid_argument' })
    await backend.write(path, new Uint8Array(10))
    await expect(backend.append(path, new Uint8Array(1))).rejects.toMatchObject({ code: 'invalid_argument' })
    await expect(backend.batch([{ op: 'write', path, body: new Uint8Array(11) }])).rejects.toMatchObject({ code: 'invalid_argument' })
    expect(await backend.stat(path)).toMatchObject({ sizeBytes: 10 })
  })

  it('is declared', () => {
    expect(openMemory({ maxSizeBytes: 10 }).capabilities.maxSizeBytes).toBe(10)
    expect(openMemory().capabilities.maxSizeBytes).toBe(1024 ** 3)
  })
})

describe('what is kept', () => {
  it('is the 100 newest versions of a file', async () => {
    const backend = openMemory()
    for (let number = 0; number < 120; number++) await backend.write(path, Uint8Array.of(number))
    const versions: string[] = []
    for await (const { version } of backend.versions(path)) versions.push(version)
    expect(versions).toHaveLength(100)
    await expect(backend.read(path, { version: versions[99] }).then((content) => content.bytes())).resolves.toEqual(Uint8Array.of(20))
  })

  it('is enough of the changes, and an older cursor is refused', async () => {
    const backend = openMemory()
    const iterator = backend.changes(rootPath)[Symbol.asyncIterator]()
    const step = iterator.next()
    await backend.write(path, Uint8Array.of(1))
    const first = await step
    for (let number = 0; number < 20_000; number++)
      await backend.delete(path, { force: number % 2 === 1 }).then(() => backend.write(path, Uint8Array.of(1)))
    const since = first.done === true ? '' : first.value.cursor
    await expect(backend.changes(rootPath, { since })[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'invalid_argument' })
    await expect(iterator.next()).rejects.toMatchObject({ code: 'invalid_argument' })
  })
})

describe('memoryBackend', () => {
  it('opens an empty store each time, with the clock it is given', async () => {
    const context = {
      now: () => 1_000,
      random: (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(7),
      fetch: globalThis.fetch,
      env: {},
      privateDirectories: [],
      credentials: () => Promise.resolve(undefined),
    }
    const config = memoryBackend.parseConfig({ name: 'scratch' })
    const [one, other] = [await memoryBackend.open(config, context), await memoryBackend.open(config, context)]
    expect((await one.write(path, Uint8Array.of(1))).modifiedAt).toEqual(new Date(1_000))
    await expect(other.stat(path)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('a snapshot', () => {
  it('shares nothing that later changes reach, whatever way they take', async () => {
    const backend = openMemory()
    const [deep, moved, copy] = [parsePath('/a/b/file'), parsePath('/moved'), parsePath('/copy')]
    await backend.write(deep, Uint8Array.of(1))
    await backend.snapshot(rootPath, 'before')
    await backend.rename(parsePath('/a'), moved)
    await backend.copy(moved, copy)
    await backend.write(parsePath('/moved/b/file'), Uint8Array.of(2))
    await backend.batch([{ op: 'write', path: parsePath('/copy/b/more'), body: Uint8Array.of(3) }])
    const kept: string[] = []
    for await (const entry of backend.list(rootPath, { snapshot: 'before', recursive: true })) kept.push(entry.path)
    expect(kept).toEqual(['/a', '/a/b', '/a/b/file'])
    await expect(backend.read(deep, { snapshot: 'before' }).then((content) => content.bytes())).resolves.toEqual(Uint8Array.of(1))
  })
})
