import { randomFillSync } from 'node:crypto'
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { at, bytes, failure, makeDirectory, openTree } from '../../test/tree-fixture.ts'
import { holdRoot } from './directory.ts'
import { createTemporaries } from './temporaries.ts'

const random = (array: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => randomFillSync(array)

/** Names that processes of this machine give: `pid` replaced. */
function nameOf(pid: number): string {
  return createTemporaries({ now: Date.now, random }).newName().replace(`-${process.pid}-`, `-${pid}-`)
}

async function sweep(directory: string, { now = Date.now, alive = [] as number[], again = false } = {}): Promise<string[]> {
  const held = holdRoot(directory)
  try {
    await createTemporaries({ now, random, isAlive: (pid) => alive.includes(pid) }).sweep(held, { again })
    return readdirSync(directory).sort()
  } finally {
    held.close()
  }
}

describe('temporary files', () => {
  it('are all that a write makes before its body is there: given up, it leaves an empty directory empty', async () => {
    for (const verb of ['write', 'append'] as const) {
      const { directory, backend } = await openTree()
      const controller = new AbortController()
      const body = new ReadableStream<Uint8Array>({
        pull: (stream) => {
          stream.enqueue(bytes('the first piece'))
          controller.abort('enough')
        },
      })
      await expect(backend[verb]?.(at('/file'), body, { signal: controller.signal })).rejects.toBe('enough')
      await backend.close()
      expect(readdirSync(directory)).toEqual([])
    }
  })

  it('of a dead writer are swept, those of a living one stay', async () => {
    const directory = makeDirectory()
    const [living, dead] = [nameOf(101), nameOf(102)]
    for (const name of [living, dead, 'file', '.nexus-other']) writeFileSync(join(directory, name), 'x')
    expect(await sweep(directory, { alive: [101] })).toEqual(['.nexus-other', living, 'file'].sort())
  })

  it('of another machine or an unknown form stay for a day', async () => {
    const directory = makeDirectory()
    for (const name of ['.nexus-tmp-othermachine-1-a', '.nexus-tmp-x']) writeFileSync(join(directory, name), 'x')
    expect(await sweep(directory)).toHaveLength(2)
    const later = (): number => Date.now() + 86_500_000
    expect(await sweep(directory, { now: later })).toEqual([])
  })

  it('of this process, but an earlier mount, stay for a day: another mount may be writing them', async () => {
    const directory = makeDirectory()
    const name = nameOf(process.pid)
    writeFileSync(join(directory, name), 'x')
    expect(await sweep(directory)).toEqual([name])
    utimesSync(join(directory, name), 1, 1)
    expect(await sweep(directory)).toEqual([])
  })

  it('are swept by the first write into their directory', async () => {
    const { directory, backend } = await openTree()
    const dead = nameOf(2 ** 22 + 1)
    await backend.mkdir(at('/docs'))
    writeFileSync(join(directory, 'docs', dead), 'x')
    await backend.write(at('/docs/a'), bytes('x'))
    expect(readdirSync(join(directory, 'docs'))).toEqual(['a'])
  })

  it('of attributes are swept by the next attributes', async () => {
    const { directory, backend } = await openTree()
    mkdirSync(join(directory, '.nexus-attributes/files'), { recursive: true })
    writeFileSync(join(directory, '.nexus-attributes/files', nameOf(2 ** 22 + 1)), 'x')
    await backend.write(at('/a'), bytes('x'), { contentType: 'text/plain' })
    expect(readdirSync(join(directory, '.nexus-attributes/files')).filter((name) => name.startsWith('.nexus-tmp-'))).toEqual([])
  })

  it('of a dead writer keep no directory from being deleted, those of a living one do', async () => {
    const { directory, backend } = await openTree()
    await backend.write(at('/docs/a'), bytes('x'))
    await backend.delete(at('/docs/a'))
    writeFileSync(join(directory, 'docs', nameOf(process.ppid)), 'x')
    await failure('not_empty', backend.delete(at('/docs')))
    await backend.delete(at('/docs'), { recursive: true })
    await backend.mkdir(at('/docs'))
    writeFileSync(join(directory, 'docs', nameOf(2 ** 22 + 1)), 'x')
    await backend.delete(at('/docs'))
    expect(readdirSync(directory)).toEqual(['.nexus-attributes'])
  })

  it('go when a body breaks off, is too long or too short', async () => {
    const { directory, backend } = await openTree()
    const broken = new ReadableStream<Uint8Array>({ pull: (body) => body.error(new Error('network')) })
    expect((await failure('unexpected', backend.write(at('/a'), broken))).reason).toContain('network')
    await failure('invalid_argument', backend.write(at('/a'), bytes('abc'), { sizeBytes: 2 }))
    await failure('invalid_argument', backend.write(at('/a'), new Blob(['abc']).stream(), { sizeBytes: 4 }))
    expect(readdirSync(directory)).toEqual([])
  })
})
