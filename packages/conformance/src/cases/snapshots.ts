import assert from 'node:assert/strict'
import { type CaseContext, type ContractCase, section } from '../case.ts'
import { declared, fails, undeclared } from '../expect.ts'
import { at, collect, firstOf, holds, keysOf, put, putAll } from '../given.ts'

interface Snapshots {
  readonly take: (path: string, name: string) => Promise<{ readonly name: string; readonly path: string }>
  readonly names: (path: string) => Promise<string[]>
  readonly drop: (path: string, name: string) => Promise<void>
}

/** Runs the check where snapshots are declared; elsewhere the members and the option must be refused. */
async function where(context: CaseContext, check: (snapshots: Snapshots) => Promise<unknown>): Promise<unknown> {
  if (!context.capabilities.snapshots) return refuses(context)
  const [take, list, drop] = [declared(context, 'snapshot'), declared(context, 'snapshots'), declared(context, 'deleteSnapshot')]
  return check({
    take: (path, name) => take(at(path), name),
    names: async (path) => (await collect(list(at(path)))).map(({ name }) => name),
    drop: (path, name) => drop(at(path), name),
  })
}

async function refuses(context: CaseContext): Promise<void> {
  await put(context, '/file', 'content')
  await undeclared(context, 'snapshot', (take) => take(at('/'), 'one'))
  await undeclared(context, 'snapshots', (list) => firstOf(list(at('/'))))
  await undeclared(context, 'deleteSnapshot', (drop) => drop(at('/'), 'one'))
  await fails('unsupported', context.backend.read(at('/file'), { snapshot: 'one' }))
  await fails('unsupported', context.backend.stat(at('/file'), { snapshot: 'one' }))
  await fails('unsupported', firstOf(context.backend.list(at('/'), { snapshot: 'one' })))
}

/** Named states of directories. */
export const snapshotCases: readonly ContractCase[] = section('Snapshots', {
  'A snapshot keeps a directory as it was, for `stat`, `read` and `list` with `snapshot`.': (context) =>
    where(context, async ({ take }) => {
      await putAll(context, ['/docs/a', '/docs/sub/b', '/docs/gone'])
      const { etag } = await context.backend.stat(at('/docs/a'))
      await take('/docs', 'before')
      await put(context, '/docs/a', 'changed')
      await put(context, '/docs/new', 'new')
      await context.backend.delete(at('/docs/gone'))
      await holds(context, '/docs/a', '/docs/a', { snapshot: 'before' })
      await holds(context, '/docs/gone', '/docs/gone', { snapshot: 'before' })
      assert.equal((await context.backend.stat(at('/docs/a'), { snapshot: 'before' })).etag, etag)
      await fails('not_found', context.backend.stat(at('/docs/new'), { snapshot: 'before' }))
      assert.deepEqual(await keysOf(context, '/docs', { snapshot: 'before', recursive: true }), ['a', 'gone', 'sub/', 'sub/b'])
      await holds(context, '/docs/a', 'changed')
    }),
  'A snapshot outlives the deletion of its directory.': (context) =>
    where(context, async ({ take }) => {
      await putAll(context, ['/docs/sub/b'])
      await take('/docs', 'before')
      await context.backend.delete(at('/docs'), { recursive: true })
      await holds(context, '/docs/sub/b', '/docs/sub/b', { snapshot: 'before' })
      assert.deepEqual(await keysOf(context, '/docs/sub', { snapshot: 'before' }), ['b'])
    }),
  'A snapshot of the root holds everything.': (context) =>
    where(context, async ({ take }) => {
      await putAll(context, ['/docs/a', '/file'])
      await take('/', 'all')
      await put(context, '/docs/a', 'changed')
      await holds(context, '/docs/a', '/docs/a', { snapshot: 'all' })
      assert.deepEqual(await keysOf(context, '/', { snapshot: 'all' }), ['docs/', 'file'])
    }),
  'A name that is taken at a path fails with `already_exists`; another path may use it.': (context) =>
    where(context, async ({ take }) => {
      await putAll(context, ['/docs/a', '/other/a'])
      const given = await take('/docs', 'one')
      assert.deepEqual([given.name, given.path], ['one', '/docs'])
      await put(context, '/docs/a', 'changed')
      await fails('already_exists', take('/docs', 'one'))
      await holds(context, '/docs/a', '/docs/a', { snapshot: 'one' })
      await take('/other', 'one')
    }),
  'A snapshot of what is absent fails with `not_found`, and of a file with `not_directory`.': (context) =>
    where(context, async ({ take }) => {
      await putAll(context, ['/file'])
      await fails('not_found', take('/absent', 'one'))
      await fails('not_directory', take('/file', 'one'))
    }),
  '`snapshots` gives the snapshots taken at a path, oldest first.': (context) =>
    where(context, async ({ take, names }) => {
      await putAll(context, ['/docs/a', '/other/a'])
      for (const name of ['second', 'first', 'third']) await take('/docs', name)
      await take('/other', 'elsewhere')
      assert.deepEqual(await names('/docs'), ['second', 'first', 'third'])
      assert.deepEqual(await names('/'), [])
    }),
  '`deleteSnapshot` lets a snapshot go, and fails with `not_found` where there is none.': (context) =>
    where(context, async ({ take, names, drop }) => {
      await putAll(context, ['/docs/a'])
      await take('/docs', 'one')
      await take('/docs', 'two')
      await drop('/docs', 'one')
      assert.deepEqual(await names('/docs'), ['two'])
      await fails('not_found', context.backend.read(at('/docs/a'), { snapshot: 'one' }))
      await fails('not_found', drop('/docs', 'one'))
      await take('/docs', 'one')
      await holds(context, '/docs/a', '/docs/a')
    }),
  'An unknown snapshot fails with `not_found`.': (context) =>
    where(context, async () => {
      await putAll(context, ['/docs/a'])
      await fails('not_found', context.backend.stat(at('/docs/a'), { snapshot: 'none' }))
      await fails('not_found', context.backend.read(at('/docs/a'), { snapshot: 'none' }))
      await fails('not_found', firstOf(context.backend.list(at('/docs'), { snapshot: 'none' })))
    }),
})
