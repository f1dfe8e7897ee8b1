import { expect, test } from 'vitest'
import { startS3Double } from './double.ts'
import { ObjectMap } from './object-map.ts'

const wrong = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-content-sha256': '0'.repeat(64) }

test.for([true, false])('a double that believes (%s) takes what nobody signed, with checksums that are wrong', async (believes) => {
  const double = await startS3Double({ believes })
  try {
    const put = await fetch(`${double.url}/bucket/a`, { method: 'PUT', body: 'abc', headers: wrong })
    expect(put.status).toBe(believes ? 200 : 403)
    const got = await fetch(`${double.url}/bucket/a`, { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
    expect([got.status, got.headers.get('x-amz-checksum-crc32')]).toEqual(believes ? [200, 'AAAAAA=='] : [403, null])
  } finally {
    await double.close()
  }
})

test('keys come by their UTF-8 bytes, from where they are asked for, after every change', () => {
  const objects = new ObjectMap()
  for (const key of ['b', '\u{ffff}', 'a/1', 'a', '\u{10000}']) objects.set(key, [])
  expect([...objects.keysFrom('')]).toEqual(['a', 'a/1', 'b', '\u{ffff}', '\u{10000}'])
  objects.set('aa', [])
  objects.delete('b')
  expect([...objects.keysFrom('a/')]).toEqual(['a/1', 'aa', '\u{ffff}', '\u{10000}'])
  objects.clear()
  expect([...objects.keysFrom('')]).toEqual([])
})
