import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { at, bytes, failure, openTree } from '../../test/tree-fixture.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const largeBytes = 5_000_000

function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251))
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

describe('reading', () => {
  it('a large file gives chunks of at most a mebibyte, and nothing before it is asked', async () => {
    const { directory, backend } = await openTree()
    const content = pattern(largeBytes)
    writeFileSync(join(directory, 'large'), content)
    const lengths: number[] = []
    const read: Uint8Array[] = []
    for await (const chunk of (await backend.read(at('/large'))).stream()) {
      lengths.push(chunk.length)
      read.push(chunk)
    }
    expect(lengths).toEqual([1_048_576, 1_048_576, 1_048_576, 1_048_576, largeBytes - 4 * 1_048_576])
    expect(Buffer.concat(read).equals(content)).toBe(true)
    expect(Buffer.from(await (await backend.read(at('/large'))).bytes()).equals(content)).toBe(true)
    const range = await (await backend.read(at('/large'), { range: { offset: 1_000_003, length: 2_000_000 } })).bytes()
    expect(Buffer.from(range).equals(content.subarray(1_000_003, 3_000_003))).toBe(true)
  })

  it('a file that is cut short fails, and never gives less than it promised', async () => {
    const { directory, backend } = await openTree()
    const file = join(directory, 'large')
    writeFileSync(file, pattern(largeBytes))
    const [whole, streamed] = [await backend.read(at('/large')), await backend.read(at('/large'))]
    const reader = streamed.stream().getReader()
    await reader.read()
    truncateSync(file, 1_500_000)
    expect((await failure('busy', whole.bytes())).reason).toContain('cut short')
    await failure('busy', (async () => { while (!(await reader.read()).done); })())
  })

  it('goes on with the content it opened when the file is replaced', async () => {
    const { backend } = await openTree()
    await backend.write(at('/large'), pattern(largeBytes))
    const content = await backend.read(at('/large'))
    await backend.write(at('/large'), bytes('new'))
    expect(Buffer.from(await content.bytes()).equals(pattern(largeBytes))).toBe(true)
  })

  it('leaves no file open: read, cancelled, disposed, failed, refused', async () => {
    const { directory, backend } = await openTree()
    const file = join(directory, 'large')
    writeFileSync(file, pattern(largeBytes))
    await backend.stat(at('/large'))
    const before = openDescriptors()
    await (await backend.read(at('/large'))).bytes()
    await (await backend.read(at('/large'))).stream().cancel()
    await (await backend.read(at('/large')))[Symbol.asyncDispose]()
    await failure('precondition_failed', backend.read(at('/large'), { ifMatch: 'other' }))
    for await (const chunk of (await backend.read(at('/large'))).stream()) if (chunk.length > 0) break
    const cut = await backend.read(at('/large'))
    truncateSync(file, 100_000)
    await failure('busy', cut.bytes())
    // A closing may wait for the read before it.
    await Promise.resolve()
    expect(openDescriptors()).toBe(before)
  })

  it('closes the file of a body that was dropped, and not that of a stream still in use', async () => {
    const { directory, backend } = await openTree()
    writeFileSync(join(directory, 'large'), pattern(largeBytes))
    await backend.stat(at('/large'))
    const before = openDescriptors()
    for (let index = 0; index < 10; index++) await backend.read(at('/large'))
    const stream = (await backend.read(at('/large'))).stream()
    for (let round = 0; round < 20; round++) {
      collectGarbage()
      await setImmediate()
    }
    expect(openDescriptors()).toBe(before + 1)
    let read = 0
    for await (const chunk of stream) read += chunk.length
    expect(read).toBe(largeBytes)
  })

  it('of what was opened before the mount was closed fails afterwards, and holds nothing', async () => {
    const { backend } = await openTree()
    await backend.write(at('/large'), pattern(largeBytes))
    const content = await backend.read(at('/large'))
    await backend.close()
    await failure('unavailable', content.bytes())
    await failure('unavailable', backend.stat(at('/large')))
  })
})
