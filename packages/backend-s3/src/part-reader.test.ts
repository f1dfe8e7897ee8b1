import { expect, test } from 'vitest'
import { openPartReader } from './part-reader.ts'

const partBytes = 1024 * 1024

test.for([1, 1000, 65_536, 70_001, 3_000_000])('chunks of %i bytes become parts of the length that is asked for, in order', async (chunkBytes) => {
  const body = Uint8Array.from({ length: 2 * partBytes + 12_345 }, (_, index) => (index * 7) ^ (index >> 8))
  const source = chunkBytes === 1 ? body.subarray(0, 5000) : body
  const chunks = Array.from({ length: Math.ceil(source.length / chunkBytes) }, (_, index) => source.subarray(index * chunkBytes, (index + 1) * chunkBytes))
  const reader = openPartReader(ReadableStream.from(chunks), undefined)
  const parts: Uint8Array[] = []
  for (let part = await reader.next(partBytes); part !== undefined; part = await reader.next(partBytes)) {
    parts.push(part.slice())
    reader.release(part)
  }
  expect(parts.slice(0, -1).map(({ length }) => length)).toEqual(parts.slice(0, -1).map(() => partBytes))
  expect(Buffer.compare(Buffer.concat(parts), source)).toBe(0)
})

test('a short body takes little memory', async () => {
  const part = await openPartReader(ReadableStream.from([new Uint8Array(4096)]), undefined).next(8 * partBytes)
  expect([part?.length, part?.buffer.byteLength]).toEqual([4096, 65_536])
})
