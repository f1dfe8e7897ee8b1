import { expect, it } from 'vitest'
import { splitLines } from './split-lines.ts'
import { textChunks } from './text-chunks.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

async function linesOf(chunks: Iterable<Uint8Array>, maxLineBytes = 1000): Promise<string[]> {
  const lines: string[] = []
  for await (const { number, text } of splitLines(chunks, { maxLineBytes })) lines.push(`${number}:${text}`)
  return lines
}

it.each([
  ['', []],
  ['a', ['1:a']],
  ['a\n', ['1:a']],
  ['a\nb', ['1:a', '2:b']],
  ['\n\nb\n', ['1:', '2:', '3:b']],
  ['a\r\nb\r', ['1:a', '2:b']],
  ['ä\n😀\n', ['1:ä', '2:😀']],
])('splits %j wherever its chunks end', async (text, expected) => {
  const bytes = encode(text)
  for (let size = 1; size <= Math.max(1, bytes.length); size++) {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    expect(await linesOf(chunks)).toEqual(expected)
  }
})

it('keeps the beginning of a longer line, and counts on', async () => {
  expect(await linesOf([encode('abcdef'), encode('gh\nxy\nabcd\r\n')], 4)).toEqual(['1:abcd', '2:xy', '3:abcd'])
})

it('does not hold more of a line than was asked for', async () => {
  let given = 0
  const buffer = new Uint8Array(100_000).fill(97)
  function* endless(): Generator<Uint8Array> {
    for (; given < 2000; given++) yield buffer
  }
  const before = process.memoryUsage().arrayBuffers
  const lines = await linesOf(endless(), 10)
  expect(lines).toEqual(['1:aaaaaaaaaa'])
  expect(given).toBe(2000)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150_000_000)
})

it('a producer may use its buffer again', async () => {
  function* reused(): Generator<Uint8Array> {
    const buffer = encode('ab')
    yield buffer
    buffer.set(encode('c\n'))
    yield buffer
  }
  expect(await linesOf(reused())).toEqual(['1:abc'])
})

async function textOf(chunks: Iterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of textChunks(chunks)) bytes += chunk.byteLength
  return bytes
}

it('a NUL in the first 8 KiB makes a file binary, later ones do not', async () => {
  const at = (place: number, size: number): Uint8Array => {
    const bytes = new Uint8Array(20_000).fill(97)
    bytes[place] = 0
    return bytes.subarray(0, size)
  }
  expect(await textOf([at(0, 20_000)])).toBe(0)
  expect(await textOf([at(8191, 20_000)])).toBe(0)
  expect(await textOf([at(8192, 20_000)])).toBe(20_000)
  expect(await textOf([at(5, 5), at(0, 1)])).toBe(0)
  expect(await textOf([at(100, 5), at(100, 5)])).toBe(10)
})
