import assert from 'node:assert/strict'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { fails } from '../expect.ts'
import { at, holds, isAbsent, keysOf, put, putAll } from '../given.ts'
import {
  checksSource,
  givesTargetStat,
  keepsFile,
  leavesItself,
  type Move,
  neverReplaces,
  refusesAbsent,
  refusesTarget,
  replacesFile,
  whereMoves,
} from './moves.ts'

function where(context: CaseContext, check: (copy: Move) => Promise<unknown>): Promise<unknown> {
  return whereMoves(context, 'copy', check)
}

/** Copying inside one backend. */
export const copyCases: readonly ContractCase[] = section('Copy', {
  '`copy` copies a file with content type and metadata, makes missing parents, and leaves the source.': (context) =>
    where(context, async (copy) => {
      await keepsFile(context, copy)
      await holds(context, '/docs/file', 'content')
    }),
  '`copy` replaces an existing file.': (context) => where(context, (copy) => replacesFile(context, copy)),
  '`copy` gives the stat of the target.': (context) => where(context, (copy) => givesTargetStat(context, copy)),
  'After `copy`, source and target are two files: a change of one is none of the other.': (context) =>
    where(context, async (copy) => {
      await put(context, '/from', 'content')
      await copy('/from', '/one')
      await copy('/from', '/two')
      await put(context, '/from', 'changed')
      await context.backend.delete(at('/one'))
      await holds(context, '/two', 'content')
      await holds(context, '/from', 'changed')
    }),
  '`copy` of a file onto itself changes nothing.': (context) => where(context, (copy) => leavesItself(context, copy)),
  '`copy` of what is absent fails with `not_found`, onto itself too.': (context) => where(context, (copy) => refusesAbsent(context, copy)),
  '`copy` of a file onto a directory fails with `is_directory`.': (context) =>
    where(context, (copy) => refusesTarget(context, copy, 'directory')),
  '`copy` to a place below a file fails with `not_directory`.': (context) =>
    where(context, (copy) => refusesTarget(context, copy, 'below a file')),
  '`copy` with `ifMatch` checks the etag of the source.': (context) => where(context, (copy) => checksSource(context, copy)),
  '`copy` with `ifNoneMatch` never replaces: it fails with `precondition_failed` where something is.': (context) =>
    where(context, (copy) => neverReplaces(context, copy)),
  '`copy` of a directory copies all below it in one step, or fails with `is_directory` and copies nothing.': (context) =>
    where(context, async (copy) => {
      await putAll(context, ['/docs/a', '/docs/sub/b'])
      const [outcome] = await Promise.allSettled([copy('/docs', '/new/copy')])
      if (outcome.status === 'rejected') {
        await fails('is_directory', Promise.reject(outcome.reason as Error))
        return isAbsent(context, '/new')
      }
      await put(context, '/docs/a', 'changed')
      await put(context, '/new/copy/sub/c', 'added')
      await holds(context, '/new/copy/a', '/docs/a')
      await holds(context, '/new/copy/sub/b', '/docs/sub/b')
      assert.deepEqual(await keysOf(context, '/docs', { recursive: true }), ['a', 'sub/', 'sub/b'])
      return undefined
    }),
  '`copy` of a directory into itself fails with `invalid_argument` (`is_directory` where directories are not copied) and changes nothing.':
    (context) =>
      where(context, async (copy) => {
        await putAll(context, ['/docs/sub/b'])
        for (const to of ['/docs/new', '/docs/sub/new', '/docs/sub']) await fails(['invalid_argument', 'is_directory'], copy('/docs', to))
        assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['docs/', 'docs/sub/', 'docs/sub/b'])
      }),
  '`copy` of a directory replaces nothing: onto a directory it fails with `is_directory`, onto a file with `not_directory` (`is_directory` where directories are not copied).':
    (context) =>
      where(context, async (copy) => {
        await putAll(context, ['/docs/a', '/other/b', '/file'])
        await fails('is_directory', copy('/docs', '/other'))
        await fails(['not_directory', 'is_directory'], copy('/docs', '/file'))
        assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['docs/', 'docs/a', 'file', 'other/', 'other/b'])
        await holds(context, '/file', '/file')
      }),
  '`copyFrom` copies the file that `storedAt` names, where a backend has both, as `copy` does, under the conditions of both ends.': async (context) => {
    const { backend, capabilities } = context
    const { etag } = await put(context, '/docs/file', 'content', capabilities.metadata ? { contentType: 'text/x-test' } : {})
    const source = backend.storedAt?.(at('/docs/file'))
    if (source === undefined || backend.copyFrom === undefined) return
    await put(context, '/standing', 'standing')
    const condition = capabilities.ifMatch === false ? {} : { ifMatch: etag }
    const told = await backend.copyFrom(source, at('/new/copy'), condition)
    assert.deepEqual(told, await backend.stat(at('/new/copy')))
    if (capabilities.metadata) assert.equal(told.contentType, 'text/x-test')
    await holds(context, '/new/copy', 'content')
    await holds(context, '/docs/file', 'content')
    if (capabilities.ifNoneMatch !== false) await fails('precondition_failed', backend.copyFrom(source, at('/standing'), { ifNoneMatch: '*' }))
    if (capabilities.ifMatch !== false) await fails('precondition_failed', backend.copyFrom(source, at('/standing'), { ifMatch: 'another' }))
    await fails('is_directory', backend.copyFrom(source, at('/docs')))
    await fails('not_found', backend.copyFrom({ ...source, key: `${source.key}-absent` }, at('/standing')))
    await holds(context, '/standing', 'standing')
  },
  '`copyFrom` gives `undefined` for a file of another service, and changes nothing.': async (context) => {
    const { backend } = context
    await put(context, '/file', 'content')
    const source = backend.storedAt?.(at('/file')) ?? { container: 'container', key: 'file' }
    assert.equal(await backend.copyFrom?.({ ...source, service: 'a service that nobody has' }, at('/copy')), undefined)
    await isAbsent(context, '/copy')
  },
})
