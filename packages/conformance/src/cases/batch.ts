import assert from 'node:assert/strict'
import type { BatchOperation, FileStat } from '@nexus/core/contract'
import { toBytes } from '../bodies.ts'
import { type CaseContext, type ContractCase, section, skip } from '../case.ts'
import { declared, fails, undeclared } from '../expect.ts'
import { at, holds, isAbsent, keysOf, put, putAll } from '../given.ts'

type Batch = (operations: readonly BatchOperation[]) => Promise<FileStat[]>

async function where(context: CaseContext, check: (batch: Batch) => Promise<unknown>): Promise<unknown> {
  if (!context.capabilities.batch) return undeclared(context, 'batch', (batch) => batch([writing('/new', 'x')]))
  return check(declared(context, 'batch'))
}

function writing(path: string, text: string): BatchOperation & { op: 'write' } {
  return { op: 'write', path: at(path), body: toBytes(text) }
}

/** Several changes as one. */
export const batchCases: readonly ContractCase[] = section('Batch', {
  '`batch` does its steps in order, each upon what the ones before it left.': (context) =>
    where(context, async (batch) => {
      await batch([
        writing('/docs/a', 'first'),
        writing('/docs/a', 'second'),
        { op: 'rename', from: at('/docs/a'), to: at('/docs/b') },
        { op: 'copy', from: at('/docs/b'), to: at('/c') },
        { op: 'delete', path: at('/docs'), recursive: true },
      ])
      await holds(context, '/c', 'second')
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['c'])
    }),
  '`batch` gives a stat for each step: the one after it, and for `delete` the one before.': (context) =>
    where(context, async (batch) => {
      await put(context, '/gone', 'gone')
      const stats = await batch([
        writing('/a', 'four'),
        writing('/a', 'seconds'),
        { op: 'rename', from: at('/a'), to: at('/b') },
        { op: 'delete', path: at('/gone') },
      ])
      assert.deepEqual(
        stats.map(({ path, sizeBytes }) => [path, sizeBytes]),
        [
          ['/a', 4],
          ['/a', 7],
          ['/b', 7],
          ['/gone', 4],
        ],
      )
      assert.equal(stats[2]?.etag, (await context.backend.stat(at('/b'))).etag)
    }),
  '`batch` takes `mkdir` and `setMetadata` where they are declared.': (context) =>
    where(context, async (batch) => {
      const { emptyDirectories, metadata } = context.capabilities
      if (emptyDirectories)
        await batch([
          { op: 'mkdir', path: at('/new') },
          { op: 'mkdir', path: at('/deep/er'), recursive: true },
        ])
      if (metadata)
        await batch([
          { ...writing('/file', 'content'), metadata: { colour: 'red' } },
          { op: 'setMetadata', path: at('/file'), patch: { size: 'large' } },
        ])
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), [
        ...(emptyDirectories ? ['deep/', 'deep/er/'] : []),
        ...(metadata ? ['file'] : []),
        ...(emptyDirectories ? ['new/'] : []),
      ])
      if (metadata) assert.deepEqual((await context.backend.stat(at('/file'))).metadata, { colour: 'red', size: 'large' })
    }),
  'When a step fails, `batch` fails with its code and none of its steps has happened.': (context) =>
    where(context, async (batch) => {
      await putAll(context, ['/docs/kept', '/moved', '/gone'])
      const { etag } = await context.backend.stat(at('/docs/kept'))
      const steps: BatchOperation[] = [
        writing('/docs/kept', 'lost'),
        writing('/new/file', 'lost'),
        { op: 'rename', from: at('/moved'), to: at('/away') },
        { op: 'delete', path: at('/gone') },
      ]
      await fails('not_found', batch([...steps, { op: 'delete', path: at('/absent') }]))
      await fails('is_directory', batch([...steps, writing('/docs', 'x')]))
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['docs/', 'docs/kept', 'gone', 'moved'])
      assert.equal((await context.backend.stat(at('/docs/kept'))).etag, etag)
      await holds(context, '/docs/kept', '/docs/kept')
    }),
  'Conditions in a `batch` hold for all of it.': (context) =>
    where(context, async (batch) => {
      if (context.capabilities.ifMatch === false || context.capabilities.ifNoneMatch === false)
        return skip('The backend knows no conditions.')
      const { etag: old } = await put(context, '/file', 'old')
      const { etag } = await put(context, '/file', 'new')
      await fails('precondition_failed', batch([writing('/other', 'lost'), { ...writing('/file', 'lost'), ifMatch: old }]))
      await fails('precondition_failed', batch([writing('/other', 'lost'), { ...writing('/file', 'lost'), ifNoneMatch: '*' }]))
      await isAbsent(context, '/other')
      await batch([
        { ...writing('/other', 'kept'), ifNoneMatch: '*' },
        { ...writing('/file', 'newer'), ifMatch: etag },
      ])
      return holds(context, '/file', 'newer')
    }),
  'A `batch` of nothing changes nothing and gives nothing.': (context) =>
    where(context, async (batch) => {
      assert.deepEqual(await batch([]), [])
      assert.deepEqual(await keysOf(context, '/'), [])
    }),
  '`batch` does not keep the buffers of its bodies.': (context) =>
    where(context, async (batch) => {
      const body = toBytes('stays as it is')
      await batch([{ op: 'write', path: at('/file'), body }])
      body.fill(0)
      await holds(context, '/file', 'stays as it is')
    }),
  'What a `batch` writes and itself replaces or deletes is no version: nobody ever saw it.': (context) =>
    where(context, async (batch) => {
      if (!context.capabilities.versions) return skip('The backend keeps no versions.')
      const versions = declared(context, 'versions')
      const contents = (path: string): Promise<(number | undefined)[]> => Array.fromAsync(versions(at(path)), ({ sizeBytes }) => sizeBytes)
      await put(context, '/old', '1')
      await batch([writing('/old', '22'), writing('/old', '333'), writing('/twice', '22'), writing('/twice', '333')])
      assert.deepEqual(await contents('/old'), [3, 1])
      assert.deepEqual(await contents('/twice'), [3])
      await batch([writing('/old', '22'), { op: 'delete', path: at('/old') }, writing('/never', '22'), { op: 'delete', path: at('/never') }])
      assert.deepEqual(await contents('/old'), [3, 1])
      await fails('not_found', contents('/never'))
    }),
})
