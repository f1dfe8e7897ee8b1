import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { FileStat } from '@nexus/core/contract'
import { type ContractCase, section } from '../case.ts'
import { fails } from '../expect.ts'
import { at, put, putAll } from '../given.ts'

const compared = [
  'path',
  'kind',
  'sizeBytes',
  'etag',
  'digest',
  'contentType',
  'version',
  'metadata',
] as const satisfies readonly (keyof FileStat)[]

/** What is known of a path. */
export const statCases: readonly ContractCase[] = section('Stat', {
  '`stat` of a file gives its path, kind and etag, and its size unless the service does not tell.': async (context) => {
    await put(context, '/docs/a.txt', 'twelve bytes')
    const stat = await context.backend.stat(at('/docs/a.txt'))
    assert.equal(stat.path, '/docs/a.txt')
    assert.equal(stat.kind, 'file')
    assert.ok(typeof stat.etag === 'string' && stat.etag !== '', 'A file has an etag.')
    if (context.capabilities.fidelity === 'bytes')
      assert.ok(stat.sizeBytes === undefined || stat.sizeBytes === 12, `The file has 12 bytes, not ${stat.sizeBytes}.`)
    assert.equal(typeof stat.metadata, 'object')
  },
  '`stat` of a directory gives its path and kind, and no size.': async (context) => {
    await put(context, '/docs/a.txt', 'a')
    const stat = await context.backend.stat(at('/docs'))
    assert.deepEqual(
      { path: stat.path, kind: stat.kind, sizeBytes: stat.sizeBytes },
      { path: '/docs', kind: 'directory', sizeBytes: undefined },
    )
  },
  'The root is a directory, also in an empty backend.': async ({ backend }) => {
    const stat = await backend.stat(at('/'))
    assert.deepEqual({ path: stat.path, kind: stat.kind }, { path: '/', kind: 'directory' })
  },
  '`stat` of what is absent fails with `not_found`.': async (context) => {
    await putAll(context, ['/docs/a'])
    await fails('not_found', context.backend.stat(at('/docs/b')))
    await fails('not_found', context.backend.stat(at('/doc')))
    await fails('not_found', context.backend.stat(at('/docs/a.txt')))
  },
  'Below a file nothing exists: `stat` there fails with `not_found`.': async (context) => {
    await putAll(context, ['/file'])
    await fails('not_found', context.backend.stat(at('/file/below')))
    await fails('not_found', context.backend.stat(at('/file/below/more')))
  },
  '`write` gives what `stat` gives next.': async (context) => {
    const written = await put(context, '/docs/a.txt', 'content')
    const stat = await context.backend.stat(at('/docs/a.txt'))
    for (const field of compared) assert.deepEqual(written[field], stat[field], `${field} differs`)
  },
  '`modifiedAt` and `createdAt` are valid dates where they are given.': async (context) => {
    const stats = [
      await put(context, '/docs/a.txt', 'a'),
      await context.backend.stat(at('/docs/a.txt')),
      await context.backend.stat(at('/docs')),
    ]
    for (const date of stats.flatMap((stat) => [stat.modifiedAt, stat.createdAt])) {
      assert.ok(date === undefined || (date instanceof Date && !Number.isNaN(date.getTime())), `${String(date)} is no date.`)
    }
  },
  '`digest`, where it is given, is the tagged digest of the bytes, the same for the same bytes.': async (context) => {
    const [one, same, other] = [
      await put(context, '/one', 'content'),
      await put(context, '/same', 'content'),
      await put(context, '/other', 'tnetnoc'),
    ]
    assert.equal(one.digest, same.digest)
    if (one.digest === undefined) return
    assert.match(one.digest, /^(?:blake3|sha256):[0-9a-f]{64}$/)
    assert.notEqual(one.digest, other.digest)
    if (one.digest.startsWith('sha256:')) assert.equal(one.digest, `sha256:${createHash('sha256').update('content').digest('hex')}`)
  },
})
