import assert from 'node:assert/strict'
import type { AppendOptions, FileStat, MetadataPatch } from '@nexus/core/contract'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { declared, fails, undeclared } from '../expect.ts'
import { at, entriesOf, holds, isAbsent, put, putAll } from '../given.ts'

type Patch = (path: string, patch: MetadataPatch, options?: AppendOptions) => Promise<FileStat>

/** Runs the check where metadata are declared; elsewhere asserts that they are refused and nothing is stored. */
async function where(context: CaseContext, check: (setMetadata: Patch) => Promise<unknown>): Promise<unknown> {
  if (context.capabilities.metadata) {
    const setMetadata = declared(context, 'setMetadata')
    return check((path, patch, options) => setMetadata(at(path), patch, options))
  }
  await fails('unsupported', put(context, '/refused', 'x', { metadata: { colour: 'red' } }))
  await isAbsent(context, '/refused')
  return undeclared(context, 'setMetadata', (setMetadata) => setMetadata(at('/refused'), { colour: 'red' }))
}

/** Attributes of files. */
export const metadataCases: readonly ContractCase[] = section('Metadata', {
  '`write` keeps content type and metadata for `stat` and `read`.': (context) =>
    where(context, async () => {
      const attributes = { contentType: 'text/plain; charset=utf-8', metadata: { colour: 'red', 'two-words': 'a b' } }
      const written = await put(context, '/file', 'content', attributes)
      await using content = await context.backend.read(at('/file'))
      for (const { contentType, metadata } of [written, await context.backend.stat(at('/file')), content.stat])
        assert.deepEqual({ contentType, metadata }, attributes)
    }),
  '`write` without metadata leaves a file without any, whatever it replaced.': (context) =>
    where(context, async () => {
      await put(context, '/file', 'old', { metadata: { colour: 'red' } })
      await put(context, '/file', 'new')
      assert.deepEqual((await context.backend.stat(at('/file'))).metadata, {})
      await put(context, '/gone', 'old', { metadata: { colour: 'red' } })
      await context.backend.delete(at('/gone'))
      await put(context, '/gone', 'new')
      assert.deepEqual((await context.backend.stat(at('/gone'))).metadata, {})
    }),
  '`setMetadata` merges: named values replace, others stay, `null` removes.': (context) =>
    where(context, async (setMetadata) => {
      await put(context, '/file', 'content', { metadata: { colour: 'red', size: 'large', shape: 'round' } })
      const given = await setMetadata('/file', { colour: 'blue', shape: null, absent: null, added: 'yes' })
      const expected = { colour: 'blue', size: 'large', added: 'yes' }
      assert.deepEqual(given.metadata, expected)
      assert.deepEqual((await context.backend.stat(at('/file'))).metadata, expected)
    }),
  '`setMetadata` changes neither content nor content type.': (context) =>
    where(context, async (setMetadata) => {
      const before = await put(context, '/file', 'content', { contentType: 'text/plain' })
      const after = await setMetadata('/file', { colour: 'red' })
      assert.deepEqual([after.contentType, after.sizeBytes, after.digest], ['text/plain', before.sizeBytes, before.digest])
      await holds(context, '/file', 'content')
    }),
  '`setMetadata` of what is absent fails with `not_found`, and of a directory with `is_directory`.': (context) =>
    where(context, async (setMetadata) => {
      await putAll(context, ['/docs/file'])
      await fails('not_found', setMetadata('/absent', { colour: 'red' }))
      await fails('is_directory', setMetadata('/docs', { colour: 'red' }))
      await isAbsent(context, '/absent')
    }),
  '`setMetadata` with `ifMatch` changes the file that has this etag, and else fails with `precondition_failed`.': (context) =>
    where(context, async (setMetadata) => {
      const { etag: old } = await put(context, '/file', 'old')
      if (context.capabilities.ifMatch === false) return fails('unsupported', setMetadata('/file', { colour: 'red' }, { ifMatch: old }))
      const { etag } = await put(context, '/file', 'new')
      await fails('precondition_failed', setMetadata('/file', { colour: 'red' }, { ifMatch: old }))
      assert.deepEqual((await context.backend.stat(at('/file'))).metadata, {})
      const { metadata } = await setMetadata('/file', { colour: 'blue' }, { ifMatch: etag })
      assert.deepEqual(metadata, { colour: 'blue' })
      return undefined
    }),
  'A value may be any text, the empty one too.': (context) =>
    where(context, async (setMetadata) => {
      const values = { empty: '', spaces: ' a  b ', unicode: 'é 語 😀', punctuation: '"%20,;=\\/' }
      await put(context, '/written', 'content', { metadata: values })
      await put(context, '/patched', 'content')
      await setMetadata('/patched', values)
      for (const path of ['/written', '/patched']) assert.deepEqual((await context.backend.stat(at(path))).metadata, values)
    }),
  'The metadata `mode`, such as `755`, is kept when it makes a file executable.': (context) =>
    where(context, async () => {
      await put(context, '/tool', '#!/bin/sh', { metadata: { mode: '755' } })
      await putAll(context, ['/plain'])
      assert.equal((await context.backend.stat(at('/tool'))).metadata['mode'], '755')
      const modes = (await entriesOf(context, '/')).map(({ name, metadata }) => [name, metadata?.['mode']])
      assert.ok(
        modes.every(([name, mode]) => name !== 'plain' || mode === undefined),
        'A plain file has no mode.',
      )
    }),
})
