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

/** Files. */
function files(context: CaseContext, check: (rename: Move) => Promise<unknown>): Promise<unknown> {
  return whereMoves(context, 'rename', check)
}

/** Directories, where they can be renamed; elsewhere the directory must be refused with `unsupported` and stay as it is. */
function directories(context: CaseContext, check: (rename: Move) => Promise<unknown>): Promise<unknown> {
  return whereMoves(context, 'rename', async (rename) => {
    const capability = context.capabilities.directoryRename
    if (capability === 'atomic') return check(rename)
    if (capability === 'emulated') return check((from, to, options) => rename(from, to, { ...options, allowNonAtomic: true }))
    await putAll(context, ['/docs/a'])
    await fails('unsupported', rename('/docs', '/moved', { allowNonAtomic: true }))
    return holds(context, '/docs/a', '/docs/a')
  })
}

/** Moving files and directories. */
export const renameCases: readonly ContractCase[] = section('Rename', {
  '`rename` moves a file with content type and metadata, makes missing parents, and leaves nothing behind.': (context) =>
    files(context, async (rename) => {
      await keepsFile(context, rename)
      await isAbsent(context, '/docs/file')
    }),
  '`rename` replaces an existing file.': (context) =>
    files(context, async (rename) => {
      await replacesFile(context, rename)
      assert.deepEqual(await keysOf(context, '/'), ['to'])
    }),
  '`rename` gives the stat of the target.': (context) => files(context, (rename) => givesTargetStat(context, rename)),
  '`rename` of a file onto itself changes nothing.': (context) => files(context, (rename) => leavesItself(context, rename)),
  '`rename` of what is absent fails with `not_found`, onto itself too.': (context) =>
    files(context, (rename) => refusesAbsent(context, rename)),
  '`rename` of a file onto a directory fails with `is_directory`.': (context) =>
    files(context, (rename) => refusesTarget(context, rename, 'directory')),
  '`rename` to a place below a file fails with `not_directory`.': (context) =>
    files(context, (rename) => refusesTarget(context, rename, 'below a file')),
  '`rename` with `ifMatch` checks the etag of the source.': (context) => files(context, (rename) => checksSource(context, rename)),
  '`rename` with `ifNoneMatch` never replaces: it fails with `precondition_failed` where something is.': (context) =>
    files(context, (rename) => neverReplaces(context, rename)),
  'After `rename` the old name is free: what is written there is another file.': (context) =>
    files(context, async (rename) => {
      await put(context, '/from', 'moved')
      await rename('/from', '/to')
      await put(context, '/from', 'new')
      await holds(context, '/to', 'moved')
      await holds(context, '/from', 'new')
    }),
  '`rename` of a directory moves everything below it.': (context) =>
    directories(context, async (rename) => {
      await putAll(context, ['/docs/a', '/docs/sub/b', '/other'])
      const stat = await rename('/docs', '/new/place')
      assert.deepEqual({ path: stat.path, kind: stat.kind }, { path: '/new/place', kind: 'directory' })
      await holds(context, '/new/place/sub/b', '/docs/sub/b')
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), [
        'new/',
        'new/place/',
        'new/place/a',
        'new/place/sub/',
        'new/place/sub/b',
        'other',
      ])
      await put(context, '/docs/a', 'new')
      await holds(context, '/new/place/a', '/docs/a')
    }),
  '`rename` of a directory leaves neighbours whose names begin alike.': (context) =>
    directories(context, async (rename) => {
      await putAll(context, ['/doc/x', '/docs/y', '/doc-x', '/doc.txt'])
      await rename('/doc', '/moved')
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['doc-x', 'doc.txt', 'docs/', 'docs/y', 'moved/', 'moved/x'])
    }),
  '`rename` of a directory onto itself changes nothing.': (context) =>
    directories(context, async (rename) => {
      await putAll(context, ['/docs/a'])
      await rename('/docs', '/docs')
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['docs/', 'docs/a'])
    }),
  '`rename` of a directory into itself fails with `invalid_argument` and changes nothing.': (context) =>
    directories(context, async (rename) => {
      await putAll(context, ['/docs/a', '/docs/sub/b'])
      for (const to of ['/docs/new', '/docs/sub/new', '/docs/sub', '/docs/new/deep']) await fails('invalid_argument', rename('/docs', to))
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['docs/', 'docs/a', 'docs/sub/', 'docs/sub/b'])
    }),
  '`rename` of a directory onto a directory fails with `is_directory`, also onto one above it.': (context) =>
    directories(context, async (rename) => {
      await putAll(context, ['/docs/a/x', '/other/b'])
      await fails('is_directory', rename('/docs', '/other'))
      await fails('is_directory', rename('/docs/a', '/docs'))
      assert.deepEqual(await keysOf(context, '/', { recursive: true }), ['docs/', 'docs/a/', 'docs/a/x', 'other/', 'other/b'])
    }),
  '`rename` of a directory onto a file fails with `not_directory`.': (context) =>
    directories(context, async (rename) => {
      await putAll(context, ['/docs/a', '/file'])
      await fails('not_directory', rename('/docs', '/file'))
      await holds(context, '/file', '/file')
      await holds(context, '/docs/a', '/docs/a')
    }),
  '`rename` of a directory that is not atomic needs `allowNonAtomic`, and without it fails with `unsupported`.': (context) =>
    files(context, async (rename) => {
      await putAll(context, ['/docs/a'])
      if (context.capabilities.directoryRename === 'atomic') await rename('/docs', '/moved')
      else await fails('unsupported', rename('/docs', '/moved'))
      const place = context.capabilities.directoryRename === 'atomic' ? '/moved' : '/docs'
      assert.equal((await context.backend.stat(at(place))).kind, 'directory')
      await holds(context, `${place}/a`, '/docs/a')
    }),
})
