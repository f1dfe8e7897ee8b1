import assert from 'node:assert/strict'
import type { AppendOptions, Body, FileStat } from '@nexus/core/contract'
import { failingStream, patternBytes, streamOf, toBytes } from '../bodies.ts'
import { type CaseContext, type ContractCase, section, skip } from '../case.ts'
import { declared, fails, failure, undeclared } from '../expect.ts'
import { at, holds, isAbsent, put, putAll } from '../given.ts'

type Append = (path: string, body: string | Body, options?: AppendOptions) => Promise<FileStat>

async function where(context: CaseContext, check: (append: Append) => Promise<unknown>): Promise<unknown> {
  if (!context.capabilities.append) return undeclared(context, 'append', (append) => append(at('/new'), toBytes('x')))
  const append = declared(context, 'append')
  return check((path, body, options) => append(at(path), typeof body === 'string' ? toBytes(body) : body, options))
}

/** Extending files. */
export const appendCases: readonly ContractCase[] = section('Append', {
  '`append` extends a file at its end.': (context) =>
    where(context, async (append) => {
      await put(context, '/log', 'one ')
      await append('/log', 'two ')
      await append('/log', '')
      await append('/log', 'three')
      await holds(context, '/log', 'one two three')
    }),
  '`append` creates a file that is absent, with its parents.': (context) =>
    where(context, async (append) => {
      await append('/new/deep/log', 'first')
      await holds(context, '/new/deep/log', 'first')
    }),
  '`append` takes streams, and adds to long files.': (context) =>
    where(context, async (append) => {
      const [start, end] = [patternBytes(1_100_000, 1), patternBytes(150_000, 2)]
      await put(context, '/log', start)
      await append('/log', streamOf(end.slice(0, 10), end.slice(10)))
      await holds(context, '/log', new Uint8Array(Buffer.concat([start, end])))
    }),
  '`append` gives the new stat, and a new etag when anything was added.': (context) =>
    where(context, async (append) => {
      const before = await put(context, '/log', 'one ')
      const given = await append('/log', 'two')
      const stat = await context.backend.stat(at('/log'))
      for (const field of ['path', 'kind', 'sizeBytes', 'etag', 'digest', 'version'] as const)
        assert.equal(given[field], stat[field], `${field} differs`)
      assert.notEqual(given.etag, before.etag)
    }),
  '`append` keeps content type and metadata.': (context) =>
    where(context, async (append) => {
      if (!context.capabilities.metadata) return skip('The backend keeps no metadata.')
      await put(context, '/log', 'one', { contentType: 'text/plain', metadata: { colour: 'red' } })
      await append('/log', 'two')
      const { contentType, metadata } = await context.backend.stat(at('/log'))
      assert.deepEqual({ contentType, metadata }, { contentType: 'text/plain', metadata: { colour: 'red' } })
      return undefined
    }),
  '`append` to a directory fails with `is_directory`, and below a file with `not_directory`.': (context) =>
    where(context, async (append) => {
      await putAll(context, ['/docs/file'])
      await fails('is_directory', append('/docs', 'x'))
      await fails('not_directory', append('/docs/file/below', 'x'))
      await holds(context, '/docs/file', '/docs/file')
    }),
  '`append` with `ifMatch` extends the file that has this etag, and else fails with `precondition_failed`.': (context) =>
    where(context, async (append) => {
      const { etag: old } = await put(context, '/log', 'old')
      if (context.capabilities.ifMatch === false) return fails('unsupported', append('/log', 'x', { ifMatch: old }))
      const { etag } = await put(context, '/log', 'new')
      await fails('precondition_failed', append('/log', 'lost', { ifMatch: old }))
      await fails('precondition_failed', append('/absent', 'lost', { ifMatch: etag }))
      await append('/log', '!', { ifMatch: etag })
      await holds(context, '/log', 'new!')
      return isAbsent(context, '/absent')
    }),
  'A body that fails appends nothing.': (context) =>
    where(context, async (append) => {
      await put(context, '/log', 'kept')
      await failure(append('/log', failingStream(toBytes('half'), new Error('The source broke.'))))
      await failure(append('/new', failingStream(toBytes('half'), new Error('The source broke.'))))
      await holds(context, '/log', 'kept')
      await isAbsent(context, '/new')
    }),
})
